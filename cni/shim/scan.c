/* A scanner that counts depth: it checks nesting and strings, not what stands between. */
#include "scan.h"

struct cursor { const char *at, *end; };

static void skip_space(struct cursor *c) {
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

/* Past a string that begins here; 0 where it does not end. */
static int skip_string(struct cursor *c) {
	for (c->at++; c->at < c->end; c->at++) {
		if (*c->at == '\\') c->at++;
		else if (*c->at == '"') { c->at++; return 1; }
	}
	return 0;
}

/* Past an object or array that begins here; each kind of bracket must close its own. */
static int skip_nested(struct cursor *c) {
	static char open[512];
	unsigned depth = 0;
	while (c->at < c->end) {
		char ch = *c->at;
		if (ch == '"') { if (!skip_string(c)) return 0; continue; }
		c->at++;
		if (ch == '{' || ch == '[') {
			if (depth == sizeof open) return 0;
			open[depth++] = ch;
		} else if (ch == '}' || ch == ']') {
			if (depth == 0 || open[--depth] != (ch == '}' ? '{' : '[')) return 0;
			if (depth == 0) return 1;
		}
	}
	return 0;
}

static int skip_scalar(struct cursor *c) {
	const char *from = c->at;
	while (c->at < c->end && *c->at != ',' && *c->at != '}' && *c->at != ']' && *c->at != ' ' && *c->at != '\t' &&
	       *c->at != '\n' && *c->at != '\r') c->at++;
	return c->at > from;
}

static int skip_value(struct cursor *c) {
	if (c->at == c->end) return 0;
	if (*c->at == '"') return skip_string(c);
	if (*c->at == '{' || *c->at == '[') return skip_nested(c);
	return skip_scalar(c);
}

int scan_is(struct span span, const char *text) {
	size i = 0;
	if (!span.at) return 0;
	while (i < span.length && text[i] && span.at[i] == text[i]) i++;
	return i == span.length && !text[i];
}

struct span scan_find(const char *text, size length, const char *key) {
	const struct span none = { 0, 0 };
	struct span found = none;
	struct cursor c = { text, text + length };
	skip_space(&c);
	if (c.at == c.end || *c.at++ != '{') return none;
	skip_space(&c);
	if (c.at < c.end && *c.at == '}') return none;
	for (;;) {
		skip_space(&c);
		if (c.at == c.end || *c.at != '"') return none;
		struct span name = { c.at + 1, 0 };
		if (!skip_string(&c)) return none;
		name.length = (size)(c.at - 1 - name.at);
		skip_space(&c);
		if (c.at == c.end || *c.at++ != ':') return none;
		skip_space(&c);
		struct span value = { c.at, 0 };
		if (!skip_value(&c)) return none;
		value.length = (size)(c.at - value.at);
		if (scan_is(name, key)) found = value;
		skip_space(&c);
		if (c.at == c.end) return none;
		if (*c.at == '}') { c.at++; skip_space(&c); return c.at == c.end ? found : none; }
		if (*c.at++ != ',') return none;
	}
}
