// SPDX-License-Identifier: GPL-2.0
/* See twin_queue.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "twin_queue.h"

/* Returns 0 or -ENOMEM. */
int twin_queue_init(struct twin_queue *q, int nr_cpus)
{
	q->nr_cpus = nr_cpus;
	q->cpus = calloc(nr_cpus, sizeof(*q->cpus));
	return q->cpus ? 0 : -ENOMEM;
}

/* The free that a batch announced before; NULL if it was taken already. */
static struct sbr_event *find_free(struct twin_queue_cpu *c, uint64_t pfn)
{
	size_t i = c->nr;

	while (i-- > c->first)
		if (c->events[i].kind == SBR_FREE && c->events[i].pfn == pfn)
			return &c->events[i];
	return NULL;
}

/* Appends what a CPU tells next.  Returns 0 or -ENOMEM. */
int twin_queue_add(struct twin_queue *q, const struct sbr_event *e)
{
	struct twin_queue_cpu *c = &q->cpus[e->cpu];
	struct sbr_event *batched = e->kind == SBR_BATCHED ? find_free(c, e->pfn) : NULL, *last;

	if (e->kind == SBR_BATCHED && !batched)
		return 0;
	if (c->nr == c->room) {
		size_t room = c->room ? 2 * c->room : 4096;
		struct sbr_event *more = realloc(c->events, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		if (batched)
			batched = more + (batched - c->events);
		c->events = more;
		c->room = room;
	}
	last = &c->events[c->nr++];
	*last = *e;
	if (batched) {
		last->order = batched->order;
		batched->kind = EXTRA_NONE;
	}
	if (last->time_ns < c->last_ns)
		last->time_ns = c->last_ns;
	c->last_ns = last->time_ns;
	return 0;
}

/* Pages of one bulk allocation stand side by side, of one time. */
static unsigned int count_bulk(const struct twin_queue_cpu *c)
{
	const struct sbr_event *e = &c->events[c->first];
	size_t i = c->first + 1;

	while (e->kind == SBR_BULK && i < c->nr && c->events[i].kind == SBR_BULK &&
	       c->events[i].time_ns == e->time_ns)
		i++;
	return i - c->first;
}

/*
 * The earliest event, and how many belong together (pages of a bulk); NULL if
 * there is none up to @horizon.  It stays until the queue is added to or shrunk.
 */
const struct sbr_event *twin_queue_next(struct twin_queue *q, uint64_t horizon,
					unsigned int *nr)
{
	struct twin_queue_cpu *first = NULL, *c;
	const struct sbr_event *e;

	for (c = q->cpus; c < q->cpus + q->nr_cpus; c++)
		if (c->first < c->nr && (!first || c->events[c->first].time_ns <
						   first->events[first->first].time_ns))
			first = c;
	if (!first || first->events[first->first].time_ns > horizon)
		return NULL;
	e = &first->events[first->first];
	*nr = count_bulk(first);
	first->first += *nr;
	return e;
}

/* Gives back the room of what was taken. */
void twin_queue_shrink(struct twin_queue *q)
{
	struct twin_queue_cpu *c;

	for (c = q->cpus; c < q->cpus + q->nr_cpus; c++) {
		memmove(c->events, c->events + c->first, (c->nr - c->first) * sizeof(*c->events));
		c->nr -= c->first;
		c->first = 0;
	}
}

void twin_queue_free(struct twin_queue *q)
{
	int cpu;

	for (cpu = 0; cpu < q->nr_cpus; cpu++)
		free(q->cpus[cpu].events);
	free(q->cpus);
	memset(q, 0, sizeof(*q));
}
