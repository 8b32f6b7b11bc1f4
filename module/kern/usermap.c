// SPDX-License-Identifier: GPL-2.0
/*
 * mmap() of /dev/sbuddy: processes see the frames of an open file's slots.
 *
 * Each open file has an inode of its own, whose address space lists the VMAs
 * that map the file; so one call takes a slot out of all of them, through
 * whatever device node the file was opened.  The offset in it is the slot's
 * number, in pages; how a VMA is to be read, as slots in a row or as one block,
 * is in its vm_private_data, which splitting, moving and forking carry along.
 *
 * A fault hands the frame to the kernel as an ordinary page, locked: it enters
 * the page table under that lock, so who holds the lock and has unmapped the slot
 * (migration, owner_map.c) knows that nobody sees it.  The frames are single
 * pages of the host with one reference, the region's; page tables, I/O and pipes
 * add theirs.  The rules that programs may rely on are in uapi/linux/sbuddy_movable.h.
 *
 * Lock order: mmap_lock, sbuddy_client.lock, the frame's page lock,
 * i_mmap_rwsem.  A fault waits killably, for a frame with neither the client's
 * lock nor a reference.  So nothing that holds the client's lock may touch user
 * memory.
 *
 * State: clients whose file is closed while the kernel still uses frames of
 * theirs, parked until that is over.  Each has a reference on the module.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "kern.h"
#include "usermap.h"

#define MAPPING_MAGIC	0x53425544	/* of the file system that nobody can mount */
#define PARK_PERIOD	(HZ / 10)

/* The seam's name for an address space. */
struct os_mapping {
	struct address_space as;
};

static struct os_mapping *os_mapping(struct inode *inode)
{
	return container_of(inode->i_mapping, struct os_mapping, as);
}

/* Takes @nr pages from @slot on out of all page tables.  See module/engine/os.h. */
void os_unmap(struct os_mapping *mapping, u32 slot, unsigned long nr)
{
	unmap_mapping_range(&mapping->as, (loff_t)slot << PAGE_SHIFT,
			    (loff_t)nr << PAGE_SHIFT, 1);
}

/* ---- an inode for each open file ---- */

static int mapping_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, MAPPING_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type mapping_fs = {
	.name		 = "sbuddy",
	.owner		 = THIS_MODULE,
	.init_fs_context = mapping_init_fs_context,
	.kill_sb	 = kill_anon_super,
};

static struct vfsmount *mapping_mnt;	/* simple_pin_fs() guards both */
static int mapping_users;

/**
 * sbuddy_usermap_open - let a file be mapped
 * @c:	  its client, just made
 * @file: the file
 *
 * Context: May sleep.
 * Return: 0; -ENOMEM.
 */
int sbuddy_usermap_open(struct sbuddy_client *c, struct file *file)
{
	int err = simple_pin_fs(&mapping_fs, &mapping_mnt, &mapping_users);

	if (err)
		return err;
	c->inode = alloc_anon_inode(mapping_mnt->mnt_sb);
	if (IS_ERR(c->inode)) {
		err = PTR_ERR(c->inode);
		c->inode = NULL;
		simple_release_fs(&mapping_mnt, &mapping_users);
		return err;
	}
	file->f_mapping = c->inode->i_mapping;
	return 0;
}

/**
 * sbuddy_usermap_release - undo sbuddy_usermap_open()
 * @c: client; its owner is gone
 *
 * Context: May sleep.
 */
void sbuddy_usermap_release(struct sbuddy_client *c)
{
	if (!c->inode)
		return;
	iput(c->inode);
	c->inode = NULL;
	simple_release_fs(&mapping_mnt, &mapping_users);
}

/* ---- page faults ---- */

/* Of a VMA: 0, or 1 more than the slot whose block it maps. */
static unsigned long block_of(const struct vm_area_struct *vma)
{
	return (unsigned long)vma->vm_private_data;
}

/*
 * The frame at @slot and @index, locked, shown and with a reference; NULL if
 * there is none.  If somebody else has locked it, @busy says which.  Client's lock held.
 */
static struct page *lock_frame(struct sbuddy_client *c, unsigned long slot, unsigned long index,
			       struct page **busy)
{
	unsigned long pfn, again;
	struct page *page;

	*busy = NULL;
	while (slot < SBUDDY_MAX_SLOTS && !sbuddy_owner_frame(c->owner, slot, index, &pfn)) {
		page = pfn_to_page(pfn);
		if (!trylock_page(page)) {
			*busy = page;
			return NULL;
		}
		if (!sbuddy_owner_frame(c->owner, slot, index, &again) && again == pfn &&
		    sbuddy_owner_show(c->owner, slot)) {
			get_page(page);
			return page;
		}
		unlock_page(page);
	}
	return NULL;
}

/* As above; waits for whoever has the frame, as a rule until it was moved. */
static struct page *wait_for_frame(struct sbuddy_client *c, unsigned long slot,
				   unsigned long index)
{
	struct page *page, *busy;

	do {
		if (mutex_lock_killable(&c->lock))
			return NULL;
		page = lock_frame(c, slot, index, &busy);
		mutex_unlock(&c->lock);
	} while (busy && !folio_wait_locked_killable(page_folio(busy)));
	return page;
}

static vm_fault_t mapping_fault(struct vm_fault *vmf)
{
	struct sbuddy_client *c = vmf->vma->vm_file->private_data;
	unsigned long slot = vmf->pgoff, index = 0;
	const unsigned long block = block_of(vmf->vma);

	if (block) {
		index = slot - (block - 1);
		slot = block - 1;
	}
	vmf->page = wait_for_frame(c, slot, index);
	return vmf->page ? VM_FAULT_LOCKED : VM_FAULT_SIGBUS;
}

/* No map_pages: a fault is taken with mmap_lock held, as the lock order says. */
static const struct vm_operations_struct mapping_vm_ops = {
	.fault	= mapping_fault,
};

/* Decides what the VMA is going to show. */
static int map_slots(struct sbuddy_client *c, struct vm_area_struct *vma)
{
	const unsigned long slot = vma->vm_pgoff, nr = vma_pages(vma);
	const struct sbuddy_page *page;
	unsigned int order;

	if (!c->machine->backed)
		return -EOPNOTSUPP;
	if (slot >= SBUDDY_MAX_SLOTS)
		return -EINVAL;
	page = sbuddy_owner_slot(c->owner, slot);
	if (!page)
		return -ENOENT;
	order = sbuddy_page_order(page);
	if (nr > (order ? 1UL << order : SBUDDY_MAX_SLOTS - slot))
		return -EINVAL;
	vma->vm_private_data = order ? (void *)(slot + 1) : NULL;
	sbuddy_owner_set_mapping(c->owner, os_mapping(c->inode));
	return 0;
}

/**
 * sbuddy_usermap_mmap - map slots of an open file
 * @file: the file
 * @vma:  where
 *
 * Context: mmap_lock held for write.
 * Return: 0; -EINVAL, -ENOENT, -EOPNOTSUPP, -EINTR as the ABI header says.
 */
int sbuddy_usermap_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct sbuddy_client *c = file->private_data;
	int err;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (mutex_lock_killable(&c->lock))
		return -EINTR;
	err = map_slots(c, vma);
	mutex_unlock(&c->lock);
	if (err)
		return err;
	sbuddy_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &mapping_vm_ops;
	return 0;
}

/* ---- closed, and still in use ---- */

static LIST_HEAD(parked);		/* sbuddy_client.parked_link */
static DEFINE_MUTEX(parked_lock);	/* outside sbuddy_client.lock */

static void look_after_parked(struct work_struct *work);
static DECLARE_DELAYED_WORK(parked_work, look_after_parked);

/* Frees what nobody uses; true if nothing is left. */
static bool drop_idle(struct sbuddy_client *c)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(c->machine) };
	u32 busy;

	mutex_lock(&c->lock);
	busy = sbuddy_owner_drop_idle(c->owner, &task);
	mutex_unlock(&c->lock);
	return !busy;
}

/* The machines' lock is held for read, as for whoever closes a file. */
static void look_after_parked(struct work_struct *work)
{
	struct sbuddy_client *c, *next;
	unsigned int gone = 0;

	down_read(&sbuddy_machines_lock);
	mutex_lock(&parked_lock);
	list_for_each_entry_safe(c, next, &parked, parked_link) {
		if (!drop_idle(c))
			continue;
		list_del(&c->parked_link);
		sbuddy_client_destroy(c);
		gone++;
	}
	if (!list_empty(&parked))
		schedule_delayed_work(&parked_work, PARK_PERIOD);
	mutex_unlock(&parked_lock);
	up_read(&sbuddy_machines_lock);
	while (gone--)
		module_put(THIS_MODULE);	/* unloading waits for this work */
}

/**
 * sbuddy_usermap_park - keep a client whose file is closed if it must be
 * @c: client; nothing maps its slots any more
 *
 * Frees what can be freed.  The rest follows when the kernel's last reference
 * on it is gone; the client goes with it, and until then the module stays.
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock for read.
 * Return: true if it was kept; false, and the caller destroys it.
 */
bool sbuddy_usermap_park(struct sbuddy_client *c)
{
	if (!sbuddy_owner_mapping(c->owner) || drop_idle(c))
		return false;
	__module_get(THIS_MODULE);
	mutex_lock(&parked_lock);
	list_add_tail(&c->parked_link, &parked);
	schedule_delayed_work(&parked_work, PARK_PERIOD);
	mutex_unlock(&parked_lock);
	return true;
}

/**
 * sbuddy_usermap_exit - nobody is parked any more, see that nobody looks
 *
 * Context: Module exit; may sleep.
 */
void sbuddy_usermap_exit(void)
{
	cancel_delayed_work_sync(&parked_work);
}
