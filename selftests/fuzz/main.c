// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a fuzz target on the files and directories given, without a fuzzer: so
 * the corpus is part of `make check`.  TAP, a result a file; what is wrong with
 * an input ends the program, by the sanitizers or by abort().
 */
#include <dirent.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int nr;

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *buf;
	struct stat st;
	size_t n;

	if (!f || fstat(fileno(f), &st)) {
		perror(path);
		return 1;
	}
	buf = malloc(st.st_size + 1);
	n = fread(buf, 1, st.st_size, f);
	fclose(f);
	LLVMFuzzerTestOneInput(buf, n);
	free(buf);
	printf("ok %d - %s\n", ++nr, path);
	fflush(stdout);
	return 0;
}

static int run(const char *path)
{
	struct dirent **list;
	char sub[4096];
	int n = scandir(path, &list, NULL, alphasort), err = 0;

	if (n < 0)
		return run_file(path);
	for (int i = 0; i < n; i++) {
		scnprintf(sub, sizeof(sub), "%s/%s", path, list[i]->d_name);
		if (list[i]->d_name[0] != '.')
			err |= run_file(sub);
		free(list[i]);
	}
	free(list);
	return err;
}

int main(int argc, char **argv)
{
	int err = 0;

	printf("TAP version 13\n");
	for (int i = 1; i < argc; i++)
		err |= run(argv[i]);
	printf("1..%d\n", nr);
	return err || !nr;
}
