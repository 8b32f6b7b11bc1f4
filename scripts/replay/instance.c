// SPDX-License-Identifier: GPL-2.0
/* See instance.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance.h"
#include "kmem.h"

#define COMMS		"16384"		/* names of tasks that ftrace shall remember */

static int write_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static void read_file(const char *dir, const char *name, char *text, size_t size)
{
	char path[PATH_MAX + 64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
}

/* Writes into a file of the instance.  Returns 0 or what that said. */
int instance_write(const struct instance *in, const char *name, const char *text)
{
	return write_file(in->dir, name, text);
}

static void remember_comms(struct instance *in)
{
	read_file(TRACING, "saved_cmdlines_size", in->old_comms, sizeof(in->old_comms));
	if (strtoul(in->old_comms, NULL, 10) >= strtoul(COMMS, NULL, 10) ||
	    write_file(TRACING, "saved_cmdlines_size", COMMS))
		in->old_comms[0] = '\0';
}

/*
 * Makes an instance that is off, with buffers of @buffer_kib for each CPU that
 * take no more when they are full: what is lost then is at one place and
 * counted.  Its clock is CLOCK_MONOTONIC.  Returns 0 or what tracefs said.
 */
int instance_create(struct instance *in, const char *name, const char *buffer_kib)
{
	const struct { const char *file, *text; } settings[] = {
		{ "tracing_on", "0" }, { "trace_clock", "mono" }, { "options/overwrite", "0" },
		{ "buffer_size_kb", buffer_kib },
	};
	size_t i;
	int err;

	memset(in, 0, sizeof(*in));
	if (access(TRACING "/instances", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	snprintf(in->dir, sizeof(in->dir), TRACING "/instances/%s_%d", name, getpid());
	if (mkdir(in->dir, 0700))
		return -errno;
	in->own = true;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		err = instance_write(in, settings[i].file, settings[i].text);
		if (err)
			return err;
	}
	remember_comms(in);
	return 0;
}

/*
 * Defines the probe event @name, unless somebody else has it already, and
 * switches it on.  Returns 0 or what tracefs said.
 */
int instance_probe(struct instance *in, const char *name, const char *definition)
{
	char events[8192], file[96];

	read_file(TRACING, "kprobe_events", events, sizeof(events));
	if (!strstr(events, name) && in->nr_probes < MAX_PROBES &&
	    !write_file(TRACING, "kprobe_events", definition))
		snprintf(in->probes[in->nr_probes++], sizeof(in->probes[0]), "-:%s", name);
	snprintf(file, sizeof(file), "events/kprobes/%s/enable", name);
	return instance_write(in, file, "1");
}

/*
 * Switches the kmem: events on, with those inside the allocator if @inside is
 * set.  Returns 0, or what tracefs said of the event @failed.
 */
int instance_kmem_events(struct instance *in, bool inside, const char **failed)
{
	const char *event;
	unsigned int i;
	int err;

	for (i = 0; (event = kmem_event_name(i)); i++) {
		char file[96];

		if (!inside && kmem_event_inside(i))
			continue;
		snprintf(file, sizeof(file), "events/%s/enable", event);
		err = instance_write(in, file, "1");
		*failed = event;
		if (err)
			return err;
	}
	return 0;
}

/* Puts everything back. */
void instance_destroy(struct instance *in)
{
	if (in->own) {
		instance_write(in, "tracing_on", "0");
		instance_write(in, "events/enable", "0");
		rmdir(in->dir);
	}
	while (in->nr_probes)
		write_file(TRACING, "kprobe_events", in->probes[--in->nr_probes]);
	if (in->old_comms[0])
		write_file(TRACING, "saved_cmdlines_size", in->old_comms);
	memset(in, 0, sizeof(*in));
}
