/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sbuddy_machine_hash() gives for a machine that was just made, and for the
 * same after the stream in selftests/host/fork.c: in user space and in the kernel.
 * Who adds to the state changes them.
 */
#define KNOWN_LAYOUT	 "N0:DMA32=16M,hole=2M,Normal=32M;N1:Normal=16M,Movable=16M"
#define KNOWN_HASH_FRESH 10731477308727141718ULL	/* 3 vcpus on node 0, thp off, llc 2 MiB */
#define KNOWN_HASH_BUSY	 6300737503625099444ULL
