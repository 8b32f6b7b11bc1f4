// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_KNOB: what is set is in force, on that machine alone, and the zones
 * follow; what the sysctl would refuse is refused and changes nothing.
 *
 * Machine 0 and one more; machine 0's knobs are put back.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "kselftest_harness.h"
#include "test_util.h"

FIXTURE(knob)
{
	int fd;
	uint32_t other;
	int64_t before[SBUDDY_NR_KNOBS];
};

static int knob(int fd, uint32_t machine, uint32_t which, uint32_t flags, int64_t *value)
{
	struct sbuddy_knob arg = {
		.size = sizeof(arg),
		.flags = flags,
		.machine = machine,
		.knob = which,
		.value = *value,
	};
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_KNOB, &arg);

	if (!err)
		*value = arg.value;
	return err;
}

static int64_t get(int fd, uint32_t machine, uint32_t which)
{
	int64_t value = 0;
	int err = knob(fd, machine, which, 0, &value);

	return err ? err : value;
}

static int set(int fd, uint32_t machine, uint32_t which, int64_t value)
{
	return knob(fd, machine, which, SBUDDY_KNOB_SET, &value);
}

static int64_t low_watermark(int fd, uint32_t machine)
{
	struct sbuddy_user_machine m;
	int64_t low;

	if (sbuddy_user_machine(fd, machine, &m))
		return -1;
	low = m.zones[0].watermark[1];
	sbuddy_user_machine_free(&m);
	return low;
}

FIXTURE_SETUP(knob)
{
	char message[128];

	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sbuddy_user_create(self->fd, "N0:Normal=64M", 1, &self->other, message,
					sizeof(message)));
	for (int i = 0; i < SBUDDY_NR_KNOBS; i++)
		self->before[i] = get(self->fd, 0, i);
}

FIXTURE_TEARDOWN(knob)
{
	for (int i = 0; i < SBUDDY_NR_KNOBS; i++)
		EXPECT_EQ(0, set(self->fd, 0, i, self->before[i]));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, self->other));
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(knob, set_is_in_force_there_alone)
{
	static const int64_t value[SBUDDY_NR_KNOBS] = {
		4321, 77, 12345, 16, 77, 1, 1, 1000, 5, 1, 100, 7, 1
	};

	for (int i = 0; i < SBUDDY_NR_KNOBS; i++) {
		ASSERT_EQ(0, set(self->fd, self->other, i, value[i]));
		EXPECT_EQ(value[i], get(self->fd, self->other, i));
		EXPECT_EQ(self->before[i], get(self->fd, 0, i));
	}
}

TEST_F(knob, zones_follow)
{
	int64_t low = low_watermark(self->fd, self->other);

	ASSERT_EQ(0, set(self->fd, self->other, SBUDDY_KNOB_MIN_FREE_KBYTES, 16384));
	EXPECT_EQ(4096 + 1024, low_watermark(self->fd, self->other));
	EXPECT_NE(low, low_watermark(self->fd, self->other));
}

TEST_F(knob, same_as_debugfs)
{
	static const char path[] = "/sys/kernel/debug/sbuddy/vm/min_free_kbytes";
	FILE *f = fopen(path, "r");
	long value;

	ASSERT_NE(NULL, f);
	ASSERT_EQ(0, set(self->fd, 0, SBUDDY_KNOB_MIN_FREE_KBYTES, 3333));
	EXPECT_EQ(1, fscanf(f, "%ld", &value));
	EXPECT_EQ(3333, value);
	fclose(f);
}

TEST_F(knob, refused)
{
	static const struct {
		uint32_t knob;
		int64_t value;
	} bad[] = {
		{ SBUDDY_KNOB_MIN_FREE_KBYTES, -1 },
		{ SBUDDY_KNOB_MIN_FREE_KBYTES, (int64_t)INT_MAX + 1 },
		{ SBUDDY_KNOB_WATERMARK_SCALE_FACTOR, 0 },
		{ SBUDDY_KNOB_WATERMARK_SCALE_FACTOR, 3001 },
		{ SBUDDY_KNOB_WATERMARK_BOOST_FACTOR, -1 },
		{ SBUDDY_KNOB_PERCPU_PAGELIST_HIGH_FRACTION, 7 },
		{ SBUDDY_KNOB_PERCPU_PAGELIST_HIGH_FRACTION, INT64_MAX },
		{ SBUDDY_NR_KNOBS, 8 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, set(self->fd, 0, bad[i].knob, bad[i].value)) {
			TH_LOG("case %zu", i);
		}
	}
	EXPECT_EQ(-ENOENT, set(self->fd, 1000, SBUDDY_KNOB_MIN_FREE_KBYTES, 1024));
	for (int i = 0; i < SBUDDY_NR_KNOBS; i++)
		EXPECT_EQ(self->before[i], get(self->fd, 0, i));
}

TEST_HARNESS_MAIN
