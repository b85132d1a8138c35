/* The agent is away: what is not meshed passes, what is meshed comes again later, what only takes away succeeds. */
#include "shim.h"

/* The value of K8S_POD_NAMESPACE in "A=1;B=2". */
static struct span pod_namespace(const char *args) {
	static const char key[] = "K8S_POD_NAMESPACE=";
	const struct span none = { 0, 0 };
	while (*args) {
		size i = 0;
		while (key[i] && args[i] == key[i]) i++;
		if (!key[i]) {
			struct span value = { args + i, 0 };
			while (value.at[value.length] && value.at[value.length] != ';') value.length++;
			return value;
		}
		while (*args && *args != ';') args++;
		if (*args) args++;
	}
	return none;
}

/* Whether one of the lines is the name. */
static int listed(const char *lines, size length, struct span name) {
	size at = 0;
	while (at < length) {
		size end = at;
		while (end < length && lines[end] != '\n') end++;
		size same = 0;
		while (same < name.length && at + same < end && lines[at + same] == name.at[same]) same++;
		if (same == name.length && at + same == end) return 1;
		at = end + 1;
	}
	return 0;
}

static int add(const struct call *call, char *scratch, size scratch_length) {
	static char path[128];
	static const char file[] = "/namespaces";
	struct span name = pod_namespace(call->args);
	/* No pod of Kubernetes', or one that the node itself needs. */
	if (!name.at || scan_is(name, "kube-system") || scan_is(name, "linkerd-cni")) return pass(call);
	size at = 0;
	while (call->run_dir[at]) { path[at] = call->run_dir[at]; at++; }
	for (size i = 0; i < sizeof file; i++) path[at + i] = file[i];
	long length = read_file(path, scratch, scratch_length);
	if (length < 0) return fail(call, 11, "Cannot tell whether the pod is meshed: the node agent is away and left no list");
	if (listed(scratch, (size)length, name)) return fail(call, 11, "Cannot redirect the pod: the node agent is away");
	return pass(call);
}

int offline(const struct call *call, char *scratch, size scratch_length) {
	if (text_is(call->command, "ADD")) return add(call, scratch, scratch_length);
	if (text_is(call->command, "DEL") || text_is(call->command, "GC")) return 0;
	if (text_is(call->command, "STATUS")) return fail(call, 50, "Cannot redirect pods: the node agent is away");
	if (text_is(call->command, "CHECK")) return fail(call, 11, "Cannot check the pod: the node agent is away");
	return fail(call, 4, "Cannot serve the call: CNI_COMMAND is unknown");
}
