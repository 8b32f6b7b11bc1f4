// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_DUMP_PAGES and SBUDDY_IOC_DUMP_PAGEBLOCKS: a range of frames, as
 * records or as one byte a pageblock.
 *
 * Both walk in chunks: gather into a kernel buffer with sbuddy_machines_lock
 * held for read (and, for pages, the zone lock over one pageblock), let go of
 * everything, copy out.  A signal ends a dump after a chunk; what has been
 * copied is reported, so the caller goes on from there.
 *
 * What is read of used blocks is not protected by the zone lock: their holder
 * may free them at any time.  Each record is made of single loads.
 */
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ioctl.h"

#define CHUNK_BLOCKS	4096U		/* pageblocks gathered at a time */

static void fill_record(const struct sbuddy_page *page, u8 zone, u8 mt,
			struct sbuddy_page_record *r)
{
	enum sbuddy_page_state state = sbuddy_page_state(page);

	BUILD_BUG_ON((int)SBUDDY_PAGE_NONE != (int)SBUDDY_RECORD_OTHER);
	BUILD_BUG_ON((int)SBUDDY_PAGE_BUDDY != (int)SBUDDY_RECORD_BUDDY);
	BUILD_BUG_ON((int)SBUDDY_PAGE_PCP != (int)SBUDDY_RECORD_PCP);
	BUILD_BUG_ON((int)SBUDDY_PAGE_USED != (int)SBUDDY_RECORD_USED);
	*r = (struct sbuddy_page_record){
		.state = state,
		.order = state == SBUDDY_PAGE_NONE ? 0 : sbuddy_page_order(page),
		.migratetype = mt,
		.zone = zone,
		.owner = SBUDDY_NO_OWNER,
		.slot = SBUDDY_SLOT_ANY,
	};
	if (state != SBUDDY_PAGE_USED)
		return;
	r->refcount = READ_ONCE(page->refcount);
	r->owner = sbuddy_page_owner(page);
	if (r->owner != SBUDDY_NO_OWNER)
		r->slot = sbuddy_page_slot(page);
}

/* @nr frames from @pfn on lie in one pageblock. */
static void gather_pages(struct sbuddy_machine *m, unsigned long pfn, unsigned int nr,
			 struct sbuddy_page_record *r)
{
	struct sbuddy_zone *zone = sbuddy_pfn_zone(m, pfn);
	const struct sbuddy_page *page = sbuddy_pfn_to_page(m, pfn);
	unsigned long flags;
	unsigned int i;
	u8 mt;

	if (!zone) {
		for (i = 0; i < nr; i++)
			fill_record(page + i, SBUDDY_HOLE, SBUDDY_HOLE, &r[i]);
		return;
	}
	spin_lock_irqsave(&zone->lock, flags);
	mt = sbuddy_get_pageblock_migratetype(m, pfn);
	for (i = 0; i < nr; i++)
		fill_record(page + i, sbuddy_zone_byte(zone), mt, &r[i]);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Frames from @pfn to the end of its pageblock, of the machine, or @want,
 * whichever is nearest.
 */
static unsigned int pages_of_block(const struct sbuddy_machine *m, unsigned long pfn,
				   unsigned long want)
{
	unsigned long block_end = ALIGN(pfn + 1, SBUDDY_PAGEBLOCK_NR_PAGES);

	return min3(block_end - pfn, m->base_pfn + m->nr_pages - pfn, want);
}

/*
 * One chunk of a dump: fills the buffer from @pfn on with at most @want
 * elements.  Returns how many, -ENOENT if @pfn is not in the machine.
 */
typedef int (*gather_fn)(struct sbuddy_machine *m, unsigned long pfn, u32 want, void *buf);

static int gather_records(struct sbuddy_machine *m, unsigned long pfn, u32 want, void *buf)
{
	unsigned int nr = pages_of_block(m, pfn, want);

	gather_pages(m, pfn, nr, buf);
	return nr;
}

static int gather_types(struct sbuddy_machine *m, unsigned long pfn, u32 want, void *buf)
{
	unsigned long end = m->base_pfn + m->nr_pages;
	u8 *types = buf;
	u32 nr = 0;

	for (; nr < min(want, CHUNK_BLOCKS) && pfn < end; pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		const struct sbuddy_zone *zone = sbuddy_pfn_zone(m, pfn);

		types[nr++] = zone ? sbuddy_get_pageblock_migratetype(m, pfn) : SBUDDY_HOLE;
	}
	return nr;
}

/**
 * struct dump - a walk over frames
 * @gather:  fills the buffer
 * @machine: number of the machine
 * @step:    frames that an element stands for
 * @size:    bytes of an element
 * @pfn:     first frame of the next element
 * @left:    elements still wanted
 * @done:    elements delivered
 * @to:	     user address of the next element
 * @buf:     kernel memory for a chunk
 */
struct dump {
	gather_fn gather;
	u32 machine;
	unsigned int step;
	size_t size;
	unsigned long pfn;
	u32 left;
	u32 done;
	u64 to;
	void *buf;
};

/* Returns elements delivered, 0 at the end of the machine, or an error. */
static int dump_chunk(struct dump *d)
{
	struct sbuddy_machine *m = sbuddy_lock_machine(d->machine);
	int nr = -ENOENT;

	if (IS_ERR(m))
		return PTR_ERR(m);
	if (sbuddy_pfn_to_page(m, d->pfn))
		nr = d->gather(m, d->pfn, d->left, d->buf);
	else if (d->done)
		nr = 0;
	sbuddy_unlock_machine();
	if (nr > 0 && copy_to_user(u64_to_user_ptr(d->to), d->buf, nr * d->size))
		return -EFAULT;
	return nr;
}

static int dump_walk(struct dump *d)
{
	while (d->left) {
		int nr = dump_chunk(d);

		if (nr <= 0)
			return nr;
		d->pfn += (unsigned long)nr * d->step;
		d->to += nr * d->size;
		d->left -= nr;
		d->done += nr;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return 0;
}

static int dump_range(struct dump *d, size_t buf_size)
{
	int err;

	d->buf = kvmalloc(buf_size, GFP_KERNEL);
	if (!d->buf)
		return -ENOMEM;
	err = dump_walk(d);
	kvfree(d->buf);
	return err;
}

/**
 * sbuddy_ioctl_dump_pages - a record for each frame of a range
 * @c:	 the open file
 * @arg: struct sbuddy_dump_pages
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -EINVAL for too many; -ENOENT for an unknown machine or first
 * frame; -EFAULT for a bad array; -ENOMEM; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_dump_pages(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_dump_pages *p = arg;
	struct dump d = {
		.gather = gather_records,
		.machine = p->machine,
		.step = 1,
		.size = sizeof(struct sbuddy_page_record),
		.pfn = p->pfn,
		.left = p->count,
		.to = p->records,
	};
	int err;

	if (p->count > SBUDDY_MAX_DUMP_PAGES)
		return -EINVAL;
	err = dump_range(&d, SBUDDY_PAGEBLOCK_NR_PAGES * d.size);
	p->count = d.done;
	return err;
}

/**
 * sbuddy_ioctl_dump_pageblocks - the type of each pageblock of a range
 * @c:	 the open file
 * @arg: struct sbuddy_dump_pageblocks
 *
 * Context: May sleep and fault; no locks held.
 * Return: as sbuddy_ioctl_dump_pages()
 */
int sbuddy_ioctl_dump_pageblocks(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_dump_pageblocks *p = arg;
	struct dump d = {
		.gather = gather_types,
		.machine = p->machine,
		.step = SBUDDY_PAGEBLOCK_NR_PAGES,
		.size = sizeof(u8),
		.pfn = ALIGN_DOWN(p->pfn, SBUDDY_PAGEBLOCK_NR_PAGES),
		.left = p->count,
		.to = p->types,
	};
	int err;

	if (p->count > SBUDDY_MAX_DUMP_BLOCKS)
		return -EINVAL;
	err = dump_range(&d, CHUNK_BLOCKS);
	p->count = d.done;
	return err;
}
