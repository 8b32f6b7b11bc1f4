// SPDX-License-Identifier: GPL-2.0
/*
 * vm/: the knobs of the machine under the names of /proc/sys/vm.
 *
 * Formats and limits are those of the sysctls, and a value that they refuse is
 * refused with the same EINVAL.  Two things are stricter: text behind the value
 * is refused instead of being taken for the next write, and so is text that is
 * no number in lowmem_reserve_ratio, which the sysctl overlooks.
 *
 * sbuddy_knobs_lock serialises writers, those of SBUDDY_IOC_KNOB included;
 * readers see each number whole.  What a knob recomputes is the engine's
 * business.
 */
#include "compact.h"
#include "debugfs.h"

DEFINE_MUTEX(sbuddy_knobs_lock);

static int show_int(struct seq_file *s, long value)
{
	seq_printf(s, "%ld\n", value);
	return 0;
}

static int write_int(struct sbuddy_debugfs_write *w, int min, int max,
		     int (*set)(struct sbuddy_machine *m, int value))
{
	int value;
	int err = -EINVAL;

	if (!kstrtoint(w->text, 0, &value) && value >= min && value <= max) {
		mutex_lock(&sbuddy_knobs_lock);
		err = set(w->m, value);
		mutex_unlock(&sbuddy_knobs_lock);
	}
	if (err)
		return sbuddy_debugfs_refuse(w, err, "a number, %d..%d", min, max);
	return 0;
}

static int min_free_kbytes_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.min_free_kbytes));
}

static int set_min_free_kbytes(struct sbuddy_machine *m, int value)
{
	return sbuddy_set_min_free_kbytes(m, value);
}

static int min_free_kbytes_write(struct sbuddy_debugfs_write *w)
{
	return write_int(w, 0, INT_MAX, set_min_free_kbytes);
}

static int watermark_scale_factor_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.watermark_scale_factor));
}

static int watermark_scale_factor_write(struct sbuddy_debugfs_write *w)
{
	return write_int(w, 1, 3000, sbuddy_set_watermark_scale_factor);
}

static int watermark_boost_factor_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.watermark_boost_factor));
}

static int watermark_boost_factor_write(struct sbuddy_debugfs_write *w)
{
	return write_int(w, 0, INT_MAX, sbuddy_set_watermark_boost_factor);
}

static int percpu_pagelist_high_fraction_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.percpu_pagelist_high_fraction));
}

static int percpu_pagelist_high_fraction_write(struct sbuddy_debugfs_write *w)
{
	if (!write_int(w, 0, INT_MAX, sbuddy_set_percpu_pagelist_high_fraction))
		return 0;
	return sbuddy_debugfs_refuse(w, -EINVAL, "0, or a number, 8..%d", INT_MAX);
}

static int lowmem_reserve_ratio_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int i;

	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		seq_printf(s, "%s%d", i ? "\t" : "", READ_ONCE(m->knobs.lowmem_reserve_ratio[i]));
	seq_putc(s, '\n');
	return 0;
}

/* Fewer numbers than zones leave the rest as they are. */
static int parse_ratios(char *text, int *ratio)
{
	char *word;
	int n = 0;

	while ((word = strsep(&text, " \t\n"))) {
		if (!*word)
			continue;
		if (n == SBUDDY_MAX_NR_ZONES || kstrtoint(word, 0, &ratio[n]))
			return -EINVAL;
		n++;
	}
	return n ? 0 : -EINVAL;
}

static int lowmem_reserve_ratio_write(struct sbuddy_debugfs_write *w)
{
	int ratio[SBUDDY_MAX_NR_ZONES];
	int err;

	mutex_lock(&sbuddy_knobs_lock);
	memcpy(ratio, w->m->knobs.lowmem_reserve_ratio, sizeof(ratio));
	err = parse_ratios(w->text, ratio);
	if (!err)
		err = sbuddy_set_lowmem_reserve_ratio(w->m, ratio);
	mutex_unlock(&sbuddy_knobs_lock);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "1 to %d numbers, one for each zone, %s",
					     SBUDDY_MAX_NR_ZONES, "separated by blanks");
	return 0;
}

static int zone_reclaim_mode_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.zone_reclaim_mode));
}

static void stat_refresh(struct sbuddy_machine *m)
{
	int cpu;

	for (cpu = 0; cpu < m->nr_vcpus; cpu++) {
		struct sbuddy_task task = { .cpu = cpu };

		sbuddy_refresh_cpu_vm_stats(m, &task, cpu);
		cond_resched();
	}
}

/* Reading does it too and gives nothing, as there. */
static int stat_refresh_show(struct seq_file *s, struct sbuddy_machine *m)
{
	stat_refresh(m);
	return 0;
}

static int stat_refresh_write(struct sbuddy_debugfs_write *w)
{
	stat_refresh(w->m);
	return 0;
}

static int compaction_proactiveness_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.compaction_proactiveness));
}

static int compaction_proactiveness_write(struct sbuddy_debugfs_write *w)
{
	return write_int(w, 0, 100, sbuddy_set_compaction_proactiveness);
}

static int extfrag_threshold_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.extfrag_threshold));
}

static int extfrag_threshold_write(struct sbuddy_debugfs_write *w)
{
	return write_int(w, 0, 1000, sbuddy_set_extfrag_threshold);
}

static int compact_unevictable_allowed_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.compact_unevictable_allowed));
}

static int compact_unevictable_allowed_write(struct sbuddy_debugfs_write *w)
{
	return write_int(w, 0, 1, sbuddy_set_compact_unevictable_allowed);
}

static int swappiness_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return show_int(s, READ_ONCE(m->knobs.swappiness));
}

static int swappiness_write(struct sbuddy_debugfs_write *w)
{
	return write_int(w, 0, 200, sbuddy_set_swappiness);
}

/* No knob but a trigger: 6.12 takes 1 and nothing else. */
static int compact_memory_write(struct sbuddy_debugfs_write *w)
{
	struct sbuddy_compact a = {
		.node = SBUDDY_ALL_ZONES, .zone = SBUDDY_ALL_ZONES, .order = -1,
		.mode = SBUDDY_MIGRATE_SYNC,
	};
	struct sbuddy_migrate_log log = { };
	int value, err;

	if (kstrtoint(w->text, 0, &value) || value != 1)
		return sbuddy_debugfs_refuse(w, -EINVAL, "1");
	err = sbuddy_compact_perform(w->m, &a, 0, &log);
	return err ? sbuddy_debugfs_refuse(w, err, "no signal") : 0;
}

#define KNOB(_name)	{						\
	.name = #_name,							\
	.mode = 0600,							\
	.show = _name##_show,						\
	.write = _name##_write,						\
}

const struct sbuddy_debugfs_file sbuddy_debugfs_vm_files[] = {
	KNOB(min_free_kbytes),
	KNOB(watermark_scale_factor),
	KNOB(watermark_boost_factor),
	KNOB(percpu_pagelist_high_fraction),
	KNOB(lowmem_reserve_ratio),
	KNOB(stat_refresh),
	KNOB(compaction_proactiveness),
	KNOB(extfrag_threshold),
	KNOB(compact_unevictable_allowed),
	KNOB(swappiness),
	{ .name = "compact_memory", .mode = 0200, .write = compact_memory_write },
	{ .name = "zone_reclaim_mode", .mode = 0400, .show = zone_reclaim_mode_show },
	{ }
};
