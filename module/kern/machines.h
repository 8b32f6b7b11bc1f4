/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making and taking down machines: what machines.c and machine_make.c offer to
 * each other and to the interfaces.
 * Finding one is in kern.h.
 */
#ifndef _SBUDDY_KERN_MACHINES_H
#define _SBUDDY_KERN_MACHINES_H

#include "kern.h"

/**
 * struct sbuddy_machine_spec - what an unbacked machine is to be made of
 * @layout:	layout string, one zone at least
 * @base_pfn:	first frame; 0 for the default
 * @vcpus:	virtual CPUs; 0 for as many as CPUs are online
 * @vcpu_nodes: node of each vcpu, @vcpus of them; NULL to spread them
 * @llc_kib:	last-level cache of a vcpu, KiB; 0 for a host CPU's share
 * @no_thp:	size min_free_kbytes as if khugepaged did not run
 * @rules:	enum sbuddy_rule_set
 */
struct sbuddy_machine_spec {
	const char *layout;
	u64 base_pfn;
	u32 vcpus;
	const u8 *vcpu_nodes;
	u32 llc_kib;
	bool no_thp;
	u8 rules;
};

/* machine_make.c */
int sbuddy_machines_create(const struct sbuddy_machine_spec *spec, u32 *id,
			   const char **expected);
int sbuddy_machines_import(const char *text, size_t len, u32 *id, char *err_text,
			   size_t err_size);
int sbuddy_machines_fork(u32 source, struct sbuddy_client *c, u32 *id);

/* machines.c */
int sbuddy_machines_charge(size_t bytes);
void sbuddy_machines_uncharge(size_t bytes);
int sbuddy_machines_add_charged(struct sbuddy_machine *m, struct sbuddy_owner *spare,
				size_t bytes, u32 *id);
struct sbuddy_machine *sbuddy_machine_pin(u32 id);
void sbuddy_machine_unpin(struct sbuddy_machine *m);
struct sbuddy_owner *sbuddy_machine_take_spare(const struct sbuddy_machine *m);
void sbuddy_machine_put_spare(const struct sbuddy_machine *m, struct sbuddy_owner *owner);
int sbuddy_machines_remove(u32 id);
size_t sbuddy_machines_max_bytes(void);
size_t sbuddy_machines_used_bytes(void);
struct sbuddy_machine *sbuddy_machine_next(u32 *id);

/* main.c uses these */
int sbuddy_machines_add_backed(struct sbuddy_machine *m);
void sbuddy_machines_exit(void);

#endif /* _SBUDDY_KERN_MACHINES_H */
