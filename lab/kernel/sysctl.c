/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.* sysctls of the calling thread's network namespace (sysctl(8), proc_sys(5)). */
#include "lab/kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

/* "sys/net/ipv4/ip_forward" of a key in either spelling. Interface names may hold dots: then only slashes are unambiguous. */
static int key_path(const char *key, char *ret, size_t size, struct err *err)
{
	bool slashes = strchr(key, '/') != NULL;
	size_t length = strlen(key);

	if (length + sizeof("sys/") > size)
		return err_set(err, -EINVAL, "sysctl key '%s' is too long", key);
	memcpy(ret, "sys/", 4);
	memcpy(ret + 4, key, length + 1);
	for (char *at = ret + 4; !slashes && *at; at++)
		if (*at == '.')
			*at = '/';
	if (!str_starts(ret, "sys/net/") || strstr(ret, "/../") || strstr(ret, "//") || ret[3 + length] == '/' || str_ends(ret, "/.."))
		return err_set(err, -EINVAL, "'%s' is not a key below net", key);
	return 0;
}

static int explain(int code, const char *doing, const char *key, struct err *err)
{
	err_errno(err, code, "cannot %s sysctl %s", doing, key);
	if (code == -EROFS)
		return err_wrap(err, "/proc/sys is mounted read-only, as in a container: allow it with --privileged or "
				     "--security-opt systempaths=unconfined");
	return code;
}

int sysctl_open_tree(int *ret_fd, bool shared, struct err *err)
{
	_cleanup_close_ int fs = shared ? -1 : (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	int fd = -1;

	if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "cannot open /proc");
	*ret_fd = fd;
	return 0;
}

int sysctl_set_at(int tree_fd, const char *key, const char *value, struct err *err)
{
	char path[PATH_MAX];
	size_t length = strlen(value);
	int r = key_path(key, path, sizeof(path), err);

	if (r < 0)
		return r;
	_cleanup_close_ int fd = openat(tree_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return explain(-errno, "set", key, err);
	/* An empty value is a line end: a write of nothing would change nothing. */
	ssize_t n = length ? write(fd, value, length) : write(fd, "\n", 1);
	if (n < 0) {
		int code = -errno;

		err_errno(err, code, "cannot set sysctl %s to '%s'", key, value);
		return code;
	}
	return 0;
}

int sysctl_get_at(int tree_fd, const char *key, struct text *ret, struct err *err)
{
	char path[PATH_MAX], chunk[512];
	size_t start = ret->length;
	ssize_t n;
	int r = key_path(key, path, sizeof(path), err);

	if (r < 0)
		return r;
	_cleanup_close_ int fd = openat(tree_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return explain(-errno, "read", key, err);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		text_add_bytes(ret, chunk, (size_t)n);
		if (n < (ssize_t)sizeof(chunk) && chunk[n - 1] == '\n')
			break; /* a whole value */
	}
	if (n < 0)
		return explain(-errno, "read", key, err);
	while (ret->length > start && ret->data[ret->length - 1] == '\n')
		ret->data[--ret->length] = '\0';
	return 0;
}

int sysctl_set_table_at(int tree_fd, const struct sysctl_setting *table, struct err *err)
{
	for (; table->key; table++) {
		bool optional = table->key[0] == '?';
		struct err own = {0};
		int r = sysctl_set_at(tree_fd, table->key + optional, table->value, &own);

		if (r == -ENOENT && optional)
			continue;
		if (r < 0)
			return err_set(err, r, "%s", own.text);
	}
	return 0;
}

int sysctl_find_differing(int tree_fd, const struct sysctl_setting *table, struct sysctl_setting *ret, struct err *err)
{
	_cleanup_text_ struct text value = {0};
	int count = 0;

	for (; table->key; table++) {
		bool optional = table->key[0] == '?';
		struct err own = {0};
		int r;

		text_clear(&value);
		r = sysctl_get_at(tree_fd, table->key + optional, &value, &own);
		if (r == -ENOENT && optional)
			continue;
		if (r < 0)
			return err_set(err, r, "%s", own.text);
		if (!str_eq(text_str(&value), table->value))
			ret[count++] = *table;
	}
	ret[count] = (struct sysctl_setting){NULL, NULL, NULL};
	return count;
}

/* --- the host --- */

/* The initial namespace alone has the settings of the machine's packet processing (net_core_table in the kernel). */
#define INITIAL_ONLY "net.core.netdev_budget"
#define INHERITANCE "net.core.devconf_inherit_init_net" /* 3: a namespace copies its maker's settings, not the initial one's */

int sysctl_learn_host(struct sysctl_host *ret, struct err *err)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_text_ struct text value = {0};
	struct sysctl_host host = {.known = true};
	int r;

	if (proc < 0)
		return err_errno(err, -errno, "cannot open /proc");
	if (sysctl_get_at(proc, INITIAL_ONLY, &value, NULL) < 0) {
		ret->known = false;
		return 0;
	}
	text_clear(&value);
	if (sysctl_get_at(proc, INHERITANCE, &value, NULL) >= 0 && str_eq(text_str(&value), "3")) {
		memcpy(host.differing, sysctl_inherited, (sysctl_inherited_count + 1) * sizeof(host.differing[0]));
	} else {
		r = sysctl_find_differing(proc, sysctl_inherited, host.differing, err);
		if (r < 0)
			return r;
	}
	*ret = host;
	return 0;
}

/* --- one at a time --- */

static int open_proc(int *ret_fd, struct err *err)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open /proc");
	*ret_fd = fd;
	return 0;
}

int sysctl_set(const char *key, const char *value, struct err *err)
{
	_cleanup_close_ int proc = -1;
	int r = open_proc(&proc, err);

	return r < 0 ? r : sysctl_set_at(proc, key, value, err);
}

int sysctl_get(const char *key, struct text *ret, struct err *err)
{
	_cleanup_close_ int proc = -1;
	int r = open_proc(&proc, err);

	return r < 0 ? r : sysctl_get_at(proc, key, ret, err);
}

int sysctl_set_table(const struct sysctl_setting *table, struct err *err)
{
	_cleanup_close_ int proc = -1;
	int r = open_proc(&proc, err);

	return r < 0 ? r : sysctl_set_table_at(proc, table, err);
}
