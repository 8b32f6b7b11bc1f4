// SPDX-License-Identifier: GPL-2.0
/*
 * Size and padding of every structure of the ABI.  Only compiled, never run:
 * as a 64-bit and as a 32-bit program, with -Wpadded, so a hole or a size
 * that depends on the word size does not build.
 */
#include <stddef.h>
#include <linux/sbuddy.h>

#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), "size of struct " #type); \
	_Static_assert((size) % 8 == 0, "tail of struct " #type)
#define AT(type, field, offset) \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field)

SIZE(sbuddy_op, 32);
SIZE(sbuddy_version, 120);
SIZE(sbuddy_zone_info, 224);
SIZE(sbuddy_info, 144);
SIZE(sbuddy_owner_info, 24);
SIZE(sbuddy_run, 40);
SIZE(sbuddy_query_slot, 32);
SIZE(sbuddy_page_record, 16);
SIZE(sbuddy_dump_pages, 32);
SIZE(sbuddy_dump_freelist, 64);
SIZE(sbuddy_dump_pcp, 152);
SIZE(sbuddy_dump_pageblocks, 32);
SIZE(sbuddy_stat, 40);
SIZE(sbuddy_stats, 40);
SIZE(sbuddy_snapshot, 40);
SIZE(sbuddy_check_arg, 32);
SIZE(sbuddy_machine_create, 64);
SIZE(sbuddy_machine_destroy, 16);
SIZE(sbuddy_machine_use, 16);
SIZE(sbuddy_machine_record, 48);
SIZE(sbuddy_machine_list, 48);
SIZE(sbuddy_migrate_record, 24);
SIZE(sbuddy_compact, 144);
SIZE(sbuddy_reclaim_arg, 112);
SIZE(sbuddy_migrate, 64);
SIZE(sbuddy_movable, 72);
SIZE(sbuddy_policy, 40);
SIZE(sbuddy_weights, 32);
SIZE(sbuddy_machine_fork, 16);
SIZE(sbuddy_machine_diff, 48);
SIZE(sbuddy_machine_hash, 24);
SIZE(sbuddy_isolate, 56);
SIZE(sbuddy_contig, 72);
SIZE(sbuddy_clone, 88);
SIZE(sbuddy_knob, 24);

/* All fields are as wide as their alignment, so the last offsets pin the rest. */
AT(sbuddy_op, pfn, 16);
AT(sbuddy_op, err, 28);
AT(sbuddy_version, capabilities, 16);
AT(sbuddy_info, base_pfn, 72);
AT(sbuddy_info, reserved, 124);
AT(sbuddy_info, pieces, 128);
AT(sbuddy_run, ops, 8);
AT(sbuddy_run, reserved, 36);
AT(sbuddy_query_slot, pfn, 16);
AT(sbuddy_query_slot, reserved, 31);
AT(sbuddy_dump_pages, records, 24);
AT(sbuddy_dump_freelist, pfns, 32);
AT(sbuddy_dump_freelist, reserved, 60);
AT(sbuddy_dump_pcp, pfns, 24);
AT(sbuddy_dump_pcp, reserved, 148);
AT(sbuddy_dump_pageblocks, types, 24);
AT(sbuddy_stats, stats, 24);
AT(sbuddy_stats, total, 36);
AT(sbuddy_snapshot, text, 16);
AT(sbuddy_check_arg, text, 16);
AT(sbuddy_check_arg, result, 28);
AT(sbuddy_machine_create, text, 8);
AT(sbuddy_machine_create, machine, 60);
AT(sbuddy_machine_record, base_pfn, 24);
AT(sbuddy_migrate_record, err, 16);
AT(sbuddy_migrate_record, reserved, 22);
AT(sbuddy_migrate, records, 24);
AT(sbuddy_migrate, reserved, 60);
AT(sbuddy_movable, cookie, 16);
AT(sbuddy_movable, reserved, 68);
AT(sbuddy_compact, budget, 40);
AT(sbuddy_reclaim_arg, ticks, 32);
AT(sbuddy_reclaim_arg, clock, 64);
AT(sbuddy_reclaim_arg, reserved, 104);
AT(sbuddy_compact, migrate_pfn, 72);
AT(sbuddy_compact, reserved2, 140);
AT(sbuddy_machine_list, records, 8);
AT(sbuddy_machine_list, used_bytes, 40);
AT(sbuddy_policy, nodes, 16);
AT(sbuddy_policy, reserved, 36);
AT(sbuddy_weights, weight, 16);
AT(sbuddy_machine_diff, text, 16);
AT(sbuddy_machine_diff, differences, 40);
AT(sbuddy_machine_hash, hash, 16);
AT(sbuddy_isolate, pfn, 24);
AT(sbuddy_isolate, reserved, 52);
AT(sbuddy_contig, pfn, 24);
AT(sbuddy_contig, result, 68);
AT(sbuddy_clone, message, 24);
AT(sbuddy_clone, missing, 40);
AT(sbuddy_clone, fidelity, 84);
AT(sbuddy_knob, value, 16);
