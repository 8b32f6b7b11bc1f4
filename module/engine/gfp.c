// SPDX-License-Identifier: GPL-2.0
/*
 * GFP flags: what they mean for zone, type and watermark, and their text form.
 *
 * Text is what tracepoints and gfp-translate show: names joined by '|',
 * composite ones first.  Numbers are those of the ABI.
 */
#include "os.h"
#include "internal.h"

struct sbuddy_gfp_name {
	u32 bits;
	const char *name;
};

/* Composite flags before their parts; the first that fits is printed. */
static const struct sbuddy_gfp_name sbuddy_gfp_names[] = {
	{ SBUDDY_GFP_TRANSHUGE,		"GFP_TRANSHUGE" },
	{ SBUDDY_GFP_TRANSHUGE_LIGHT,	"GFP_TRANSHUGE_LIGHT" },
	{ SBUDDY_GFP_HIGHUSER_MOVABLE,	"GFP_HIGHUSER_MOVABLE" },
	{ SBUDDY_GFP_HIGHUSER,		"GFP_HIGHUSER" },
	{ SBUDDY_GFP_USER,		"GFP_USER" },
	{ SBUDDY_GFP_KERNEL_ACCOUNT,	"GFP_KERNEL_ACCOUNT" },
	{ SBUDDY_GFP_KERNEL,		"GFP_KERNEL" },
	{ SBUDDY_GFP_NOFS,		"GFP_NOFS" },
	{ SBUDDY_GFP_ATOMIC,		"GFP_ATOMIC" },
	{ SBUDDY_GFP_NOIO,		"GFP_NOIO" },
	{ SBUDDY_GFP_NOWAIT,		"GFP_NOWAIT" },
	{ SBUDDY_GFP_DMA,		"GFP_DMA" },
	{ SBUDDY_GFP_HIGHMEM,		"__GFP_HIGHMEM" },
	{ SBUDDY_GFP_DMA32,		"GFP_DMA32" },
	{ SBUDDY_GFP_HIGH,		"__GFP_HIGH" },
	{ SBUDDY_GFP_IO,		"__GFP_IO" },
	{ SBUDDY_GFP_FS,		"__GFP_FS" },
	{ SBUDDY_GFP_NOWARN,		"__GFP_NOWARN" },
	{ SBUDDY_GFP_RETRY_MAYFAIL,	"__GFP_RETRY_MAYFAIL" },
	{ SBUDDY_GFP_NOFAIL,		"__GFP_NOFAIL" },
	{ SBUDDY_GFP_NORETRY,		"__GFP_NORETRY" },
	{ SBUDDY_GFP_COMP,		"__GFP_COMP" },
	{ SBUDDY_GFP_ZERO,		"__GFP_ZERO" },
	{ SBUDDY_GFP_NOMEMALLOC,	"__GFP_NOMEMALLOC" },
	{ SBUDDY_GFP_MEMALLOC,		"__GFP_MEMALLOC" },
	{ SBUDDY_GFP_HARDWALL,		"__GFP_HARDWALL" },
	{ SBUDDY_GFP_THISNODE,		"__GFP_THISNODE" },
	{ SBUDDY_GFP_RECLAIMABLE,	"__GFP_RECLAIMABLE" },
	{ SBUDDY_GFP_MOVABLE,		"__GFP_MOVABLE" },
	{ SBUDDY_GFP_ACCOUNT,		"__GFP_ACCOUNT" },
	{ SBUDDY_GFP_WRITE,		"__GFP_WRITE" },
	{ SBUDDY_GFP_RECLAIM,		"__GFP_RECLAIM" },
	{ SBUDDY_GFP_DIRECT_RECLAIM,	"__GFP_DIRECT_RECLAIM" },
	{ SBUDDY_GFP_KSWAPD_RECLAIM,	"__GFP_KSWAPD_RECLAIM" },
	{ SBUDDY_GFP_ZEROTAGS,		"__GFP_ZEROTAGS" },
	{ SBUDDY_GFP_NO_OBJ_EXT,	"__GFP_NO_OBJ_EXT" },
	/* read, never printed: other spellings of the above */
	{ SBUDDY_GFP_DMA,		"__GFP_DMA" },
	{ SBUDDY_GFP_DMA32,		"__GFP_DMA32" },
};

static const char *sbuddy_skip_blank(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\n')
		s++;
	return s;
}

static size_t sbuddy_word_len(const char *s)
{
	size_t n = 0;

	while ((s[n] >= 'A' && s[n] <= 'Z') || (s[n] >= 'a' && s[n] <= 'z') ||
	       (s[n] >= '0' && s[n] <= '9') || s[n] == '_')
		n++;
	return n;
}

static int sbuddy_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool sbuddy_gfp_number(const char *s, size_t len, u32 *bits)
{
	u64 v = 0;

	if (len == 1 && *s == '0') {
		*bits = 0;
		return true;
	}
	if (len < 3 || len > 10 || s[0] != '0' || (s[1] | 0x20) != 'x')
		return false;
	for (size_t i = 2; i < len; i++) {
		int d = sbuddy_hex_digit(s[i]);

		if (d < 0)
			return false;
		v = v << 4 | d;
	}
	*bits = v;
	return !(v & ~(u64)SBUDDY_GFP_ALL);
}

static bool sbuddy_gfp_word(const char *s, size_t len, u32 *bits)
{
	for (size_t i = 0; i < ARRAY_SIZE(sbuddy_gfp_names); i++) {
		const struct sbuddy_gfp_name *n = &sbuddy_gfp_names[i];

		if (strlen(n->name) == len && !strncmp(s, n->name, len)) {
			*bits = n->bits;
			return true;
		}
	}
	return sbuddy_gfp_number(s, len, bits);
}

/**
 * sbuddy_gfp_parse() - gfp flags from text
 * @text: names and 0x numbers joined by '|', blanks allowed around them
 * @gfp: out, SBUDDY_GFP_*
 * @expected: out on error, what would have been accepted
 *
 * Context: Any.
 * Return: 0, or -EINVAL for an unknown name, an invalid bit or an empty word.
 */
int sbuddy_gfp_parse(const char *text, u32 *gfp, const char **expected)
{
	u32 sum = 0, bits;

	*expected = "names such as GFP_KERNEL|__GFP_COMP, or 0x number of known bits";
	for (;;) {
		size_t len;

		text = sbuddy_skip_blank(text);
		len = sbuddy_word_len(text);
		if (!len || !sbuddy_gfp_word(text, len, &bits))
			return -EINVAL;
		sum |= bits;
		text = sbuddy_skip_blank(text + len);
		if (!*text)
			break;
		if (*text++ != '|')
			return -EINVAL;
	}
	*gfp = sum;
	return 0;
}

/**
 * sbuddy_gfp_format() - text of gfp flags, as tracepoints show them
 * @gfp: SBUDDY_GFP_*
 * @buf: out
 * @size: bytes of @buf
 *
 * Context: Any.
 * Return: Characters written, without the NUL.
 */
int sbuddy_gfp_format(u32 gfp, char *buf, size_t size)
{
	const char *sep = "";
	int n = 0;

	if (!gfp)
		return scnprintf(buf, size, "0");
	for (size_t i = 0; i < ARRAY_SIZE(sbuddy_gfp_names); i++) {
		const struct sbuddy_gfp_name *f = &sbuddy_gfp_names[i];

		if ((gfp & f->bits) != f->bits)
			continue;
		n += scnprintf(buf + n, size - n, "%s%s", sep, f->name);
		gfp &= ~f->bits;
		sep = "|";
	}
	if (gfp)
		n += scnprintf(buf + n, size - n, "%s0x%x", sep, gfp);
	return n;
}

/**
 * sbuddy_gfp_zone() - highest zone that a request may use
 * @gfp: SBUDDY_GFP_*
 *
 * Context: Any.
 * Return: enum sbuddy_zone_type; DMA for combinations that make no sense.
 */
enum sbuddy_zone_type sbuddy_gfp_zone(u32 gfp)
{
	return (enum sbuddy_zone_type)sbuddy_gfp_zoneidx(gfp);
}

/**
 * sbuddy_gfp_migratetype() - type of a request
 * @m: machine; without mobility grouping everything is Unmovable
 * @gfp: SBUDDY_GFP_*, not both __GFP_MOVABLE and __GFP_RECLAIMABLE
 *
 * Context: Any.
 * Return: enum sbuddy_migratetype.
 */
int sbuddy_gfp_migratetype(const struct sbuddy_machine *m, u32 gfp)
{
	return sbuddy_gfp_mt(m, gfp);
}

/* The scopes that a task opened: no IO, no FS, nothing movable. */
u32 sbuddy_current_gfp_context(const struct sbuddy_task *task, u32 gfp)
{
	if (likely(!(task->flags & (SBUDDY_PF_MEMALLOC_NOIO | SBUDDY_PF_MEMALLOC_NOFS |
				    SBUDDY_PF_MEMALLOC_PIN))))
		return gfp;
	if (task->flags & SBUDDY_PF_MEMALLOC_NOIO)
		gfp &= ~(SBUDDY_GFP_IO | SBUDDY_GFP_FS);
	else if (task->flags & SBUDDY_PF_MEMALLOC_NOFS)
		gfp &= ~SBUDDY_GFP_FS;
	if (task->flags & SBUDDY_PF_MEMALLOC_PIN)
		gfp &= ~SBUDDY_GFP_MOVABLE;
	return gfp;
}

/*
 * Flags of the slow path.  Whoever cannot sleep may dig into reserves instead;
 * a real-time task may too, but only a little.
 */
unsigned int sbuddy_gfp_to_alloc_flags(const struct sbuddy_task *task, u32 gfp,
				       unsigned int order)
{
	unsigned int flags = SBUDDY_WMARK_MIN | SBUDDY_ALLOC_CPUSET;

	if (gfp & SBUDDY_GFP_HIGH)
		flags |= SBUDDY_ALLOC_MIN_RESERVE;
	if (gfp & SBUDDY_GFP_KSWAPD_RECLAIM)
		flags |= SBUDDY_ALLOC_KSWAPD;

	if (gfp & SBUDDY_GFP_DIRECT_RECLAIM) {
		if ((task->flags & SBUDDY_PF_RT) && !(task->flags & SBUDDY_PF_INTERRUPT))
			flags |= SBUDDY_ALLOC_MIN_RESERVE;
		return flags;
	}
	if (!(gfp & SBUDDY_GFP_NOMEMALLOC)) {
		flags |= SBUDDY_ALLOC_NON_BLOCK;
		if (order && (gfp & SBUDDY_GFP_HIGH))
			flags |= SBUDDY_ALLOC_HIGHATOMIC;
	}
	if (gfp & SBUDDY_GFP_HIGH)
		flags &= ~SBUDDY_ALLOC_CPUSET;
	return flags;
}

/* Access beyond all reserves, for those who free memory with it; 0 is none. */
unsigned int sbuddy_gfp_pfmemalloc_flags(const struct sbuddy_task *task, u32 gfp)
{
	bool interrupt = task->flags & SBUDDY_PF_INTERRUPT;

	if (gfp & SBUDDY_GFP_NOMEMALLOC)
		return 0;
	if (gfp & SBUDDY_GFP_MEMALLOC)
		return SBUDDY_ALLOC_NO_WATERMARKS;
	if ((task->flags & SBUDDY_PF_SOFTIRQ) && (task->flags & SBUDDY_PF_MEMALLOC))
		return SBUDDY_ALLOC_NO_WATERMARKS;
	if (interrupt)
		return 0;
	if (task->flags & SBUDDY_PF_MEMALLOC)
		return SBUDDY_ALLOC_NO_WATERMARKS;
	if (task->flags & SBUDDY_PF_OOM_VICTIM)
		return SBUDDY_ALLOC_OOM;
	return 0;
}

/**
 * sbuddy_zone_name() - name of a zone as the kernel prints it
 * @idx: enum sbuddy_zone_type
 *
 * Context: Any.
 * Return: Constant string.
 */
const char *sbuddy_zone_name(int idx)
{
	static const char * const names[SBUDDY_MAX_NR_ZONES] = {
		"DMA", "DMA32", "Normal", "Movable", "Device"
	};

	return names[idx];
}

/**
 * sbuddy_migratetype_name() - name of a migratetype as the kernel prints it
 * @mt: enum sbuddy_migratetype, or what a corrupted pageblock says
 *
 * Context: Any.
 * Return: Constant string.
 */
const char *sbuddy_migratetype_name(int mt)
{
	static const char * const names[SBUDDY_MIGRATE_TYPES] = {
		"Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate"
	};

	return (unsigned int)mt < SBUDDY_MIGRATE_TYPES ? names[mt] : "invalid";
}
