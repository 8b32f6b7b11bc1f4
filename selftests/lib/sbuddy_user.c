// SPDX-License-Identifier: GPL-2.0
/* See sbuddy_user.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "sbuddy_user.h"

/* Opens the device.  Returns a file descriptor or a negative errno. */
int sbuddy_user_open(void)
{
	int fd = open(SBUDDY_USER_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int sbuddy_user_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static uint64_t address(const void *p)
{
	return (uintptr_t)p;
}

/* One RUN.  What became of it is in @result; the return value is the command's. */
int sbuddy_user_run(int fd, struct sbuddy_op *ops, uint32_t nr, uint32_t flags,
		    struct sbuddy_run *result)
{
	memset(result, 0, sizeof(*result));
	result->size = sizeof(*result);
	result->flags = flags;
	result->ops = address(ops);
	result->count = nr;
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_RUN, result);
}

/* All of @ops, over any number of RUNs; failed operations do not stop it, signals neither. */
int sbuddy_user_run_all(int fd, struct sbuddy_op *ops, size_t nr)
{
	struct sbuddy_run run;
	int err;

	while (nr) {
		err = sbuddy_user_run(fd, ops, nr < SBUDDY_MAX_RUN_OPS ? nr : SBUDDY_MAX_RUN_OPS,
				      0, &run);
		if (err)
			return err;
		if (run.err && run.err != -EINTR)
			return run.err;
		ops += run.done;
		nr -= run.done;
	}
	return 0;
}

/* One operation.  Returns its error. */
int sbuddy_user_do(int fd, struct sbuddy_op *op)
{
	int err = sbuddy_user_run_all(fd, op, 1);

	return err ? err : op->err;
}

int sbuddy_user_owner(int fd, struct sbuddy_owner_info *owner)
{
	memset(owner, 0, sizeof(*owner));
	owner->size = sizeof(*owner);
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_OWNER, owner);
}

int sbuddy_user_slot(int fd, uint32_t slot, struct sbuddy_query_slot *result)
{
	memset(result, 0, sizeof(*result));
	result->size = sizeof(*result);
	result->slot = slot;
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_QUERY_SLOT, result);
}

/* The shape of a machine does not change while it exists, so two calls agree. */
int sbuddy_user_machine(int fd, uint32_t machine, struct sbuddy_user_machine *m)
{
	struct sbuddy_info *info = &m->info;
	int err;

	memset(m, 0, sizeof(*m));
	info->size = sizeof(*info);
	info->machine = machine;
	err = sbuddy_user_ioctl(fd, SBUDDY_IOC_INFO, info);
	if (err)
		return err;
	info->zones_cap = info->nr_zones;
	info->vcpus_cap = info->nr_vcpus;
	info->distances_cap = info->nr_nodes * info->nr_nodes;
	m->zones = calloc(info->zones_cap, sizeof(*m->zones));
	m->vcpu_nodes = calloc(info->vcpus_cap, 1);
	m->distances = calloc(info->distances_cap, 1);
	info->zones = address(m->zones);
	info->vcpu_nodes = address(m->vcpu_nodes);
	info->distances = address(m->distances);
	err = -ENOMEM;
	if (m->zones && m->vcpu_nodes && m->distances)
		err = sbuddy_user_ioctl(fd, SBUDDY_IOC_INFO, info);
	if (err)
		sbuddy_user_machine_free(m);
	return err;
}

void sbuddy_user_machine_free(struct sbuddy_user_machine *m)
{
	free(m->zones);
	free(m->vcpu_nodes);
	free(m->distances);
	memset(m, 0, sizeof(*m));
}

/* @node and @zone may be SBUDDY_ALL_ZONES. */
int sbuddy_user_stats(int fd, uint32_t machine, int node, int zone,
		      struct sbuddy_user_stats *stats)
{
	struct sbuddy_stats arg = {
		.size = sizeof(arg),
		.machine = machine,
		.node = node,
		.zone = zone,
		.capacity = SBUDDY_USER_MAX_STATS,
		.stats = address(stats->stat),
	};
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_STATS, &arg);

	stats->nr = err ? 0 : arg.count;
	return err;
}

/* Value of a counter; all ones if there is none of this name. */
uint64_t sbuddy_user_stat(const struct sbuddy_user_stats *stats, const char *name)
{
	uint32_t i;

	for (i = 0; i < stats->nr; i++)
		if (!strcmp(stats->stat[i].name, name))
			return stats->stat[i].value;
	return UINT64_MAX;
}

/* Returns what the check found: 0, or an error with the reason in @line. */
int sbuddy_user_check(int fd, uint32_t machine, char *line, size_t size)
{
	struct sbuddy_check_arg arg = {
		.size = sizeof(arg),
		.machine = machine,
		.capacity = size,
		.text = address(line),
	};
	int err;

	if (size)
		line[0] = '\0';
	err = sbuddy_user_ioctl(fd, SBUDDY_IOC_CHECK, &arg);
	return err ? err : arg.result;
}

static int snapshot_into(int fd, uint32_t machine, char *text, size_t capacity, size_t *len)
{
	struct sbuddy_snapshot arg = {
		.size = sizeof(arg),
		.machine = machine,
		.text = address(text),
		.capacity = capacity,
	};
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_SNAPSHOT, &arg);

	*len = arg.len;
	return err;
}

/* The text, zero-terminated, to be freed by the caller; NULL with errno set. */
char *sbuddy_user_snapshot(int fd, uint32_t machine, size_t *len)
{
	size_t capacity = 0;
	char *text = NULL;
	int err;

	/* It may grow between two calls, so it gets some room. */
	while (!(err = snapshot_into(fd, machine, text, capacity, len)) && *len > capacity) {
		free(text);
		capacity = *len + *len / 8;
		text = malloc(capacity + 1);
		if (!text) {
			err = -ENOMEM;
			break;
		}
	}
	if (!err && text) {
		text[*len] = '\0';
		return text;
	}
	free(text);
	errno = -err;
	return NULL;
}

/* Returns records read: fewer than @count at the end of the machine. */
int64_t sbuddy_user_pages(int fd, uint32_t machine, uint64_t pfn, uint64_t count,
			  struct sbuddy_page_record *records)
{
	uint64_t done = 0, left;
	int err;

	while (done < count) {
		struct sbuddy_dump_pages arg = {
			.size = sizeof(arg),
			.machine = machine,
			.pfn = pfn + done,
			.records = address(records + done),
		};

		left = count - done;
		arg.count = left < SBUDDY_MAX_DUMP_PAGES ? left : SBUDDY_MAX_DUMP_PAGES;
		err = sbuddy_user_ioctl(fd, SBUDDY_IOC_DUMP_PAGES, &arg);
		if (err)
			return done && err == -ENOENT ? (int64_t)done : err;
		done += arg.count;
	}
	return done;
}

/* Returns pageblocks read: fewer than @count at the end of the machine. */
int64_t sbuddy_user_pageblocks(int fd, uint32_t machine, uint64_t pfn, uint64_t count,
			       uint8_t *types)
{
	uint64_t done = 0, left;
	int err;

	while (done < count) {
		struct sbuddy_dump_pageblocks arg = {
			.size = sizeof(arg),
			.machine = machine,
			.pfn = pfn + (done << SBUDDY_PAGEBLOCK_ORDER),
			.types = address(types + done),
		};

		left = count - done;
		arg.count = left < SBUDDY_MAX_DUMP_BLOCKS ? left : SBUDDY_MAX_DUMP_BLOCKS;
		err = sbuddy_user_ioctl(fd, SBUDDY_IOC_DUMP_PAGEBLOCKS, &arg);
		if (err)
			return done && err == -ENOENT ? (int64_t)done : err;
		done += arg.count;
	}
	return done;
}

/* One piece of a list, behind what @pfns has already. */
static int freelist_piece(int fd, struct sbuddy_dump_freelist *list, uint64_t **pfns,
			  uint64_t nr)
{
	uint64_t *more = realloc(*pfns, (nr + SBUDDY_MAX_LIST_WALK) * sizeof(**pfns));

	if (!more)
		return -ENOMEM;
	*pfns = more;
	list->size = sizeof(*list);
	list->capacity = SBUDDY_MAX_LIST_WALK;
	list->pfns = address(more + nr);
	list->after = nr ? more[nr - 1] : SBUDDY_NO_PFN;
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_DUMP_FREELIST, list);
}

/*
 * The whole list that @list names by machine, node, zone, order and
 * migratetype, into memory that the caller frees.  Returns its blocks.
 */
int64_t sbuddy_user_freelist(int fd, struct sbuddy_dump_freelist *list, uint64_t **pfns)
{
	uint64_t nr = 0;
	int err;

	*pfns = NULL;
	do {
		err = freelist_piece(fd, list, pfns, nr);
		if (err) {
			free(*pfns);
			*pfns = NULL;
			return err;
		}
		nr += list->count;
	} while (list->more);
	return nr;
}

/*
 * The lists that @pcp names by machine, node, zone and cpu, into memory that
 * the caller frees.  Returns the blocks in it.
 */
int64_t sbuddy_user_pcp(int fd, struct sbuddy_dump_pcp *pcp, uint64_t **pfns)
{
	int err;

	*pfns = malloc(SBUDDY_MAX_LIST_WALK * sizeof(**pfns));
	if (!*pfns)
		return -ENOMEM;
	pcp->size = sizeof(*pcp);
	pcp->pfns = address(*pfns);
	pcp->capacity = SBUDDY_MAX_LIST_WALK;
	err = sbuddy_user_ioctl(fd, SBUDDY_IOC_DUMP_PCP, pcp);
	if (!err)
		return pcp->count;
	free(*pfns);
	*pfns = NULL;
	return err;
}

static int create(int fd, struct sbuddy_machine_create *arg, uint32_t *machine, char *message,
		  size_t size)
{
	int err;

	arg->size = sizeof(*arg);
	arg->message = address(message);
	arg->message_cap = size;
	err = sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_CREATE, arg);
	if (!err)
		*machine = arg->machine;
	return err;
}

/* An unbacked machine.  @message, if there is one, gets what was expected. */
int sbuddy_user_create(int fd, const char *layout, uint32_t vcpus, uint32_t *machine,
		       char *message, size_t size)
{
	struct sbuddy_machine_create arg = {
		.text = address(layout),
		.text_len = strlen(layout),
		.vcpus = vcpus,
	};

	return create(fd, &arg, machine, message, size);
}

/* An unbacked machine in the state of a snapshot. */
int sbuddy_user_import(int fd, const char *text, size_t len, uint32_t *machine, char *message,
		       size_t size)
{
	struct sbuddy_machine_create arg = {
		.flags = SBUDDY_CREATE_SNAPSHOT,
		.text = address(text),
		.text_len = len,
	};

	return create(fd, &arg, machine, message, size);
}

int sbuddy_user_destroy(int fd, uint32_t machine)
{
	struct sbuddy_machine_destroy arg = { .size = sizeof(arg), .machine = machine };

	return sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_DESTROY, &arg);
}

/* @fd, which must hold nothing, works on @machine from now on. */
int sbuddy_user_use(int fd, uint32_t machine)
{
	struct sbuddy_machine_use arg = { .size = sizeof(arg), .machine = machine };

	return sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_USE, &arg);
}

/* The same, with the slots that a fork brought along. */
int sbuddy_user_use_slots(int fd, uint32_t machine)
{
	struct sbuddy_machine_use arg = {
		.size = sizeof(arg), .flags = SBUDDY_USE_SLOTS, .machine = machine,
	};

	return sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_USE, &arg);
}

int sbuddy_user_fork(int fd, uint32_t source, uint32_t flags, uint32_t *machine)
{
	struct sbuddy_machine_fork arg = {
		.size = sizeof(arg), .flags = flags, .source = source,
	};
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_FORK, &arg);

	if (!err)
		*machine = arg.machine;
	return err;
}

int sbuddy_user_hash(int fd, uint32_t machine, uint64_t *hash)
{
	struct sbuddy_machine_hash arg = { .size = sizeof(arg), .machine = machine };
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_HASH, &arg);

	*hash = arg.hash;
	return err;
}

/* Number of differences; the first of them in @text, a line each, ended by a zero. */
int64_t sbuddy_user_diff(int fd, uint32_t machine, uint32_t other, char *text, size_t size)
{
	struct sbuddy_machine_diff arg = {
		.size = sizeof(arg), .machine = machine, .other = other,
		.text = address(text), .capacity = size ? size - 1 : 0,
	};
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_DIFF, &arg);

	if (size)
		text[err ? 0 : arg.len] = '\0';
	return err ? err : (int64_t)arg.differences;
}

int sbuddy_user_list(int fd, struct sbuddy_machine_list *list,
		     struct sbuddy_machine_record *records, uint32_t capacity)
{
	memset(list, 0, sizeof(*list));
	list->size = sizeof(*list);
	list->records = address(records);
	list->capacity = capacity;
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_MACHINE_LIST, list);
}

/* All machines but number 0. */
int sbuddy_user_destroy_all(int fd)
{
	struct sbuddy_machine_record records[2];
	struct sbuddy_machine_list list;
	int err;

	while (!(err = sbuddy_user_list(fd, &list, records, 2)) && list.count > 1) {
		err = sbuddy_user_destroy(fd, records[1].machine);
		if (err)
			break;
	}
	return err;
}
