// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim, daemons and the knobs around them: reclaim by hand, and what a machine
 * does by itself.
 *
 * reclaim  a word and what it needs: "direct gfp=GFP_KERNEL order=9", as a request
 *	    does; "kswapd", one step of it, or "kswapd=sleep", until it sleeps;
 *	    "kcompactd"; "wake order=3 zone=Normal"; "tick=25", 1/250 s each; "age=64";
 *	    node=0 with each.  Reading shows each node's kswapd and lists.
 * daemons  "1": kswapd and kcompactd are threads, and the machine's time is the
 *	    host's; "0": they are stepped
 * direct_reclaim, swap_pages, writeback_ticks, oom_policy, slowpath_loops  see
 *	    struct sbuddy_knobs
 *
 * Owns no state.
 */
#include "debugfs.h"
#include "reclaim.h"

#define MAX_STEPS	1000	/* of kswapd=sleep */

static const char * const action_names[SBUDDY_NR_RECLAIM_ACTIONS] = {
	[SBUDDY_RECLAIM_DIRECT] = "direct",
	[SBUDDY_RECLAIM_KSWAPD] = "kswapd",
	[SBUDDY_RECLAIM_KCOMPACTD] = "kcompactd",
	[SBUDDY_RECLAIM_WAKE] = "wake",
	[SBUDDY_RECLAIM_TICK] = "tick",
	[SBUDDY_RECLAIM_AGE] = "age",
};

struct reclaim_words {
	struct sbuddy_reclaim_arg a;
	bool given;		/* an action was */
	bool to_sleep;
};

static int parse_action(struct reclaim_words *rw, const char *word, const char *value)
{
	int i;

	for (i = 0; i < SBUDDY_NR_RECLAIM_ACTIONS; i++)
		if (!strcmp(action_names[i], word))
			break;
	if (i == SBUDDY_NR_RECLAIM_ACTIONS || rw->given)
		return -EINVAL;
	rw->a.action = i;
	rw->given = true;
	if (i == SBUDDY_RECLAIM_TICK)
		return value ? kstrtou64(value, 0, &rw->a.ticks) : -EINVAL;
	if (i == SBUDDY_RECLAIM_AGE)
		return value ? kstrtou64(value, 0, &rw->a.nr) : -EINVAL;
	if (!value)
		return 0;
	rw->to_sleep = i == SBUDDY_RECLAIM_KSWAPD && !strcmp(value, "sleep");
	return rw->to_sleep ? 0 : -EINVAL;
}

static int parse_zone(const char *word)
{
	int i;

	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (!strcasecmp(sbuddy_zone_name(i), word))
			return i;
	return -EINVAL;
}

static int parse_word(struct reclaim_words *rw, char *word)
{
	char *value = strchr(word, '=');
	const char *expected;

	if (value)
		*value++ = '\0';
	if (value && !strcmp(word, "node"))
		return kstrtos32(value, 0, &rw->a.node);
	if (value && !strcmp(word, "order"))
		return kstrtou32(value, 0, &rw->a.order);
	if (value && !strcmp(word, "gfp"))
		return sbuddy_gfp_parse(value, &rw->a.gfp, &expected);
	if (value && !strcmp(word, "zone")) {
		rw->a.zone = parse_zone(value);
		return rw->a.zone < 0 ? -EINVAL : 0;
	}
	return parse_action(rw, word, value);
}

static int parse_words(char *text, struct reclaim_words *rw)
{
	char *word;

	*rw = (struct reclaim_words) { .a = { .zone = SBUDDY_ZONE_NORMAL } };
	while ((word = strsep(&text, " \t\n")))
		if (*word && parse_word(rw, word))
			return -EINVAL;
	return rw->given ? 0 : -EINVAL;
}

/* Naps are over at once: the machine's time is moved on. */
static int run_to_sleep(struct sbuddy_machine *m, struct sbuddy_reclaim_arg *a)
{
	int i, err = 0;

	for (i = 0; i < MAX_STEPS && !err; i++) {
		a->action = SBUDDY_RECLAIM_KSWAPD;
		err = sbuddy_reclaim_perform(m, a);
		if (err || a->kswapd == SBUDDY_KSWAPD_ASLEEP)
			break;
		a->action = SBUDDY_RECLAIM_TICK;
		a->ticks = a->wait;
		err = sbuddy_reclaim_perform(m, a);
		cond_resched();
	}
	return err;
}

static int reclaim_write(struct sbuddy_debugfs_write *w)
{
	struct reclaim_words rw;
	int err;

	if (parse_words(w->text, &rw))
		return sbuddy_debugfs_refuse(w, -EINVAL,
					     "direct, kswapd, kswapd=sleep, kcompactd, wake, tick=N or age=N; node= zone= order= gfp=");
	err = rw.to_sleep ? run_to_sleep(w->m, &rw.a) : sbuddy_reclaim_perform(w->m, &rw.a);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "a node of the machine, order 0 to 10");
	return 0;
}

static const char *state_name(u8 state)
{
	static const char * const names[SBUDDY_NR_KSWAPD_STATES] = { "asleep", "nap", "awake" };

	return state < SBUDDY_NR_KSWAPD_STATES ? names[state] : "?";
}

static int reclaim_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int nid;

	seq_printf(s, "version=1\nclock=%llu free_swap=%lu total_swap=%ld daemons=%d\n",
		   sbuddy_clock(m), sbuddy_nr_free_swap(m), READ_ONCE(m->knobs.swap_pages),
		   sbuddy_daemons_run(m));
	for (nid = 0; nid < m->nr_nodes; nid++) {
		const struct sbuddy_kswapd *k = &m->nodes[nid].kswapd;
		struct sbuddy_lru_stat lru;

		if (!m->nodes[nid].online)
			continue;
		sbuddy_lru_stat(m, nid, -1, &lru);
		seq_printf(s, "node=%d kswapd=%s woken=%d failures=%d kcompactd_woken=%d\n", nid,
			   state_name(READ_ONCE(k->state)), READ_ONCE(k->woken),
			   READ_ONCE(k->failures), READ_ONCE(m->nodes[nid].kcompactd.woken));
		seq_printf(s, "node=%d inactive_anon=%lu active_anon=%lu inactive_file=%lu active_file=%lu unevictable=%lu isolated_anon=%lu isolated_file=%lu\n",
			   nid, lru.nr[0], lru.nr[1], lru.nr[2], lru.nr[3], lru.nr[4],
			   lru.isolated[0], lru.isolated[1]);
	}
	return 0;
}

/* ---- knobs ---- */

static int write_knob(struct sbuddy_debugfs_write *w, const char *expected,
		      int (*set)(struct sbuddy_machine *m, int value))
{
	int value, err = -EINVAL;

	mutex_lock(&sbuddy_knobs_lock);
	if (!kstrtoint(w->text, 0, &value))
		err = set(w->m, value);
	mutex_unlock(&sbuddy_knobs_lock);
	return err ? sbuddy_debugfs_refuse(w, err, "%s", expected) : 0;
}

#define KNOB(_name, _expected)						\
static int _name##_show(struct seq_file *s, struct sbuddy_machine *m)	\
{									\
	seq_printf(s, "%ld\n", (long)READ_ONCE(m->knobs._name));	\
	return 0;							\
}									\
									\
static int _name##_write(struct sbuddy_debugfs_write *w)		\
{									\
	return write_knob(w, _expected, sbuddy_set_##_name);		\
}

KNOB(direct_reclaim, "0 or 1")
KNOB(swap_pages, "pages, not fewer than are in use")
KNOB(writeback_ticks, "ticks of 1/250 s, 0..15000")
KNOB(slowpath_loops, "a number, 20..1000000")

static int oom_policy_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_printf(s, "%s\n", sbuddy_oom_policy_name(READ_ONCE(m->knobs.oom_policy)));
	return 0;
}

static int oom_policy_write(struct sbuddy_debugfs_write *w)
{
	int i;

	for (i = 0; i < SBUDDY_NR_OOM_POLICIES; i++)
		if (!strcmp(w->text, sbuddy_oom_policy_name(i)))
			return sbuddy_set_oom_policy(w->m, i);
	return sbuddy_debugfs_refuse(w, -EINVAL, "fail, kill, signal or notify");
}

static int daemons_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_printf(s, "%d\n", sbuddy_daemons_run(m));
	return 0;
}

static int daemons_write(struct sbuddy_debugfs_write *w)
{
	int value, err = -EINVAL;

	if (!kstrtoint(w->text, 0, &value))
		err = sbuddy_set_daemons(w->m, value);
	return err ? sbuddy_debugfs_refuse(w, err, "0 or 1") : 0;
}

#define FILE_OF(_name)	{						\
	.name = #_name,							\
	.mode = 0600,							\
	.show = _name##_show,						\
	.write = _name##_write,						\
}

const struct sbuddy_debugfs_file sbuddy_debugfs_reclaim_files[] = {
	FILE_OF(reclaim),
	FILE_OF(daemons),
	FILE_OF(direct_reclaim),
	FILE_OF(swap_pages),
	FILE_OF(writeback_ticks),
	FILE_OF(oom_policy),
	FILE_OF(slowpath_loops),
	{ }
};
