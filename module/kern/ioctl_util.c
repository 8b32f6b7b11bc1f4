// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers of the ioctl handlers: finding and holding a machine, and filling
 * user arrays.  Owns no state.
 *
 * Nothing here touches user memory under a lock: a page fault may take as long
 * as user space likes (userfaultfd), and a machine's reset would wait for it.
 */
#include <linux/err.h>
#include <linux/uaccess.h>

#include "ioctl.h"

/**
 * sbuddy_lock_machine - find a machine and keep it from changing its shape
 * @id: number of the machine
 *
 * Context: May sleep.  Returns with sbuddy_machines_lock held for read.
 * Return: the machine; ERR_PTR(-ENOENT) if there is none of this number,
 * ERR_PTR(-EINTR) if a fatal signal came first.  No lock is held then.
 */
struct sbuddy_machine *sbuddy_lock_machine(u32 id)
{
	struct sbuddy_machine *m;

	if (down_read_killable(&sbuddy_machines_lock))
		return ERR_PTR(-EINTR);
	m = sbuddy_machine_find(id);
	if (m)
		return m;
	up_read(&sbuddy_machines_lock);
	return ERR_PTR(-ENOENT);
}

/**
 * sbuddy_unlock_machine - undo sbuddy_lock_machine()
 */
void sbuddy_unlock_machine(void)
{
	up_read(&sbuddy_machines_lock);
}

/**
 * sbuddy_find_zone - find a populated zone by the numbers of a caller
 * @m:	  machine
 * @node: node number, any value
 * @zone: enum sbuddy_zone_type, any value
 *
 * Context: Caller holds sbuddy_machines_lock.
 * Return: the zone; ERR_PTR(-EINVAL) if @zone is not a type of zone,
 * ERR_PTR(-ENOENT) if the machine has no such node or zone.
 */
struct sbuddy_zone *sbuddy_find_zone(struct sbuddy_machine *m, s64 node, s64 zone)
{
	struct sbuddy_zone *z;

	if (zone < 0 || zone >= SBUDDY_MAX_NR_ZONES)
		return ERR_PTR(-EINVAL);
	if (node < 0 || node >= m->nr_nodes || !m->nodes[node].online)
		return ERR_PTR(-ENOENT);
	z = m->nodes[node].node_zones[zone];
	if (!z || !z->present_pages)
		return ERR_PTR(-ENOENT);
	return z;
}

/**
 * sbuddy_copy_array - fill a user array as far as it goes
 * @to:	      user address
 * @capacity: elements of the user array
 * @from:     elements to copy
 * @count:    number of them
 * @size:     bytes of an element
 *
 * Context: May fault; no locks held.
 * Return: number of elements copied, -EFAULT.
 */
int sbuddy_copy_array(u64 to, u32 capacity, const void *from, u32 count, size_t size)
{
	u32 nr = min(capacity, count);

	if (nr && copy_to_user(u64_to_user_ptr(to), from, nr * size))
		return -EFAULT;
	return nr;
}
