// SPDX-License-Identifier: GPL-2.0
/*
 * Policies as text:
 *
 *	default
 *	local
 *	preferred:1
 *	preferred-many:0,2-3@2
 *	bind:0-1@1
 *	interleave:0,2
 *	weighted-interleave:0-3
 *
 * Nodes are numbers and ranges, by ','; '@' goes before a home node.
 */
#include "os.h"
#include "internal.h"

static const char * const sbuddy_mpol_names[SBUDDY_NR_MPOL_MODES] = {
	[SBUDDY_MPOL_DEFAULT]		  = "default",
	[SBUDDY_MPOL_PREFERRED]		  = "preferred",
	[SBUDDY_MPOL_BIND]		  = "bind",
	[SBUDDY_MPOL_INTERLEAVE]	  = "interleave",
	[SBUDDY_MPOL_LOCAL]		  = "local",
	[SBUDDY_MPOL_PREFERRED_MANY]	  = "preferred-many",
	[SBUDDY_MPOL_WEIGHTED_INTERLEAVE] = "weighted-interleave",
};

static const char sbuddy_mpol_usage[] =
	"default, local; preferred, preferred-many, bind, [weighted-]interleave with :0,2-3";

/* Mode named before a ':', an '@' or the end; -1 if there is no such. */
static int sbuddy_mpol_mode(const char **p)
{
	size_t len = strcspn(*p, ":@");

	for (int mode = 0; mode < SBUDDY_NR_MPOL_MODES; mode++) {
		const char *name = sbuddy_mpol_names[mode];

		if (strlen(name) == len && !strncmp(*p, name, len)) {
			*p += len;
			return mode;
		}
	}
	return -1;
}

static bool sbuddy_mpol_number(const char **p, unsigned int *v)
{
	const char *start = *p;

	for (*v = 0; **p >= '0' && **p <= '9'; (*p)++) {
		*v = *v * 10 + (**p - '0');
		if (*v >= SBUDDY_MAX_NODES)
			return false;
	}
	return *p != start;
}

static bool sbuddy_mpol_nodes(const char **p, u64 *nodes)
{
	unsigned int first, last;

	do {
		if (!sbuddy_mpol_number(p, &first))
			return false;
		last = first;
		if (**p == '-') {
			(*p)++;
			if (!sbuddy_mpol_number(p, &last) || last < first)
				return false;
		}
		*nodes |= (2ULL << last) - (1ULL << first);
	} while (*(*p)++ == ',');
	(*p)--;
	return true;
}

static bool sbuddy_mpol_scan(const char *p, int *mode, u64 *nodes, int *home_node)
{
	unsigned int home;

	*nodes = 0;
	*home_node = SBUDDY_NID_ANY;
	*mode = sbuddy_mpol_mode(&p);
	if (*mode < 0)
		return false;
	if (*p == ':') {
		p++;
		if (!sbuddy_mpol_nodes(&p, nodes))
			return false;
	}
	if (*p == '@') {
		p++;
		if (!sbuddy_mpol_number(&p, &home))
			return false;
		*home_node = home;
	}
	return !*p;
}

/**
 * sbuddy_mpol_parse() - policy from text
 * @m: machine that it is for
 * @text: see the top of this file
 * @pol: out, unchanged on error
 * @expected: out on error, what would have been accepted
 *
 * Context: Any.
 * Return: 0; -EINVAL; -ENOENT for a node that does not exist; -EOPNOTSUPP for a
 * mode that the machine's rules lack.
 */
int sbuddy_mpol_parse(const struct sbuddy_machine *m, const char *text,
		      struct sbuddy_mempolicy *pol, const char **expected)
{
	int mode, home_node, err;
	u64 nodes;

	*expected = sbuddy_mpol_usage;
	if (!sbuddy_mpol_scan(text, &mode, &nodes, &home_node))
		return -EINVAL;
	err = sbuddy_mpol_new(m, mode, nodes, home_node, pol);
	if (err == -ENOENT)
		*expected = "nodes that are online";
	else if (err == -EOPNOTSUPP)
		*expected = "a mode that these rules have: 6.1 interleaves without weights";
	else if (home_node != SBUDDY_NID_ANY)
		*expected = "@N after bind:N or preferred-many:N only";
	return err;
}

/* First and last of the lowest run of bits, which is taken out. */
static void sbuddy_mpol_next_run(u32 *nodes, unsigned int *first, unsigned int *last)
{
	*first = __ffs(*nodes);
	*last = *first;
	while (*nodes >> *last & 2)
		(*last)++;
	*nodes &= -2U << *last;
}

/**
 * sbuddy_mpol_format() - text of a policy, accepted by sbuddy_mpol_parse()
 * @pol: policy
 * @buf: out
 * @size: bytes of @buf
 *
 * Context: Any.
 * Return: Characters written, without the NUL.
 */
int sbuddy_mpol_format(const struct sbuddy_mempolicy *pol, char *buf, size_t size)
{
	int n = scnprintf(buf, size, "%s", sbuddy_mpol_names[pol->mode]);
	unsigned int first, last;
	const char *sep = ":";
	u32 nodes = pol->nodes;

	for (; nodes; sep = ",") {
		sbuddy_mpol_next_run(&nodes, &first, &last);
		n += scnprintf(buf + n, size - n, "%s%u", sep, first);
		if (last != first)
			n += scnprintf(buf + n, size - n, "-%u", last);
	}
	if (pol->nodes && pol->home_node != SBUDDY_NID_ANY)
		n += scnprintf(buf + n, size - n, "@%d", pol->home_node);
	return n;
}
