// SPDX-License-Identifier: GPL-2.0
/*
 * Who may open /dev/sbuddy, and what an open file keeps from happening.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define MISC_MAJOR	10

static int drop_capability(unsigned int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[cap / 32].effective &= ~(1U << cap % 32);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

TEST(device_node)
{
	struct stat st;

	ASSERT_EQ(0, stat(SBUDDY_USER_DEVICE, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(MISC_MAJOR, major(st.st_rdev));
}

TEST(root_opens)
{
	int fd = sbuddy_user_open();

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, close(fd));
}

/* The mode keeps others away. */
TEST(user_is_refused)
{
	ASSERT_EQ(0, setresgid(65534, 65534, 65534));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-EACCES, sbuddy_user_open());
}

/* And who got past the mode without being an administrator is refused by the module. */
TEST(root_without_capability_is_refused)
{
	ASSERT_EQ(0, drop_capability(CAP_SYS_ADMIN));
	EXPECT_EQ(-EPERM, sbuddy_user_open());
}

/* The right is needed to open; the file may be handed on, as with any other. */
TEST(open_file_may_be_handed_on)
{
	struct sbuddy_op op = sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL);
	int fd = sbuddy_user_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(0, sbuddy_user_do(fd, &op));
	EXPECT_EQ(0, close(fd));
}

TEST(read_only_open_works_as_well)
{
	struct sbuddy_version v = { .size = sizeof(v) };
	int fd = open(SBUDDY_USER_DEVICE, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, sbuddy_user_ioctl(fd, SBUDDY_IOC_VERSION, &v));
	EXPECT_EQ(0, close(fd));
}

TEST(unload_while_open_is_refused)
{
	int fd = sbuddy_user_open();

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "sbuddy", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, access(SBUDDY_USER_DEVICE, F_OK));
	fd = sbuddy_user_open();
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, close(fd));
}

/* A run that is under way keeps the module too. */
TEST(unload_while_busy_is_refused)
{
	struct test_random r = { .state = test_seed() };
	unsigned int i;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		struct sbuddy_op op[1000];
		int fd = sbuddy_user_open();

		for (;;) {
			for (i = 0; i < 1000; i++)
				op[i] = test_random_op(&r, 1000, 0);
			if (sbuddy_user_run_all(fd, op, 1000))
				_exit(1);
		}
	}
	usleep(200000);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(-1, syscall(SYS_delete_module, "sbuddy", O_NONBLOCK));
		EXPECT_EQ(EWOULDBLOCK, errno);
		usleep(10000);
	}
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

TEST_HARNESS_MAIN
