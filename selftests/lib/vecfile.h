/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vector files: reading them, plain or compressed, and comparing states.
 */
#ifndef _SBUDDY_VECFILE_H
#define _SBUDDY_VECFILE_H

#define VEC_NO_PFN	(~0UL)

/* A growing, NUL-terminated text. */
struct text {
	char *buf;
	size_t len;
	size_t size;
};

/**
 * struct vec - an open vector file
 * @all:    the whole file
 * @before: state before, @before_len bytes
 * @after:  state after
 * @ops:    operations, up to @ops_end
 * @cursor: next operation
 * @gfp:    flags of each letter
 * @nid:    node of the first zone, preferred by every operation
 * @error:  what was wrong with an operation's line, empty if nothing
 */
struct vec {
	struct text all;
	const char *before;
	size_t before_len;
	const char *after;
	size_t after_len;
	char *ops;
	char *cursor;
	char *ops_end;
	u32 gfp[256];
	int nid;
	char error[128];
};

struct vec_op {
	bool alloc;
	int cpu;
	u32 slot;
	int order;
	u32 gfp;
	unsigned long pfn;	/* VEC_NO_PFN: the kernel found none */
};

int text_read(struct text *t, const char *path);
int text_read_events(struct text *t, const char *vec_path);
void text_emit(void *arg, const char *s, size_t len);
void text_free(struct text *t);

int vec_open(struct vec *v, const char *path, char *err, size_t err_size);
void vec_rewind(struct vec *v);
void vec_close(struct vec *v);
bool vec_next_op(struct vec *v, struct vec_op *op);
unsigned long vec_compare_state(const struct vec *v, const struct text *ours, char *what,
				size_t size);

#endif /* _SBUDDY_VECFILE_H */
