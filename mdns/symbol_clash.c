#include "mdns/symbol_clash.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <avahi-client/client.h>
#include <avahi-core/core.h>

#define NAME "avahi_entry_group_free"

typedef int (*client_free_fn)(void *group);
typedef void (*core_free_fn)(void *server, void *group);

/* Found once, and the same for the whole program. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static client_free_fn client_free;
static core_free_fn core_free;

static _Thread_local bool in_client;

/* avahi-client/publish.h has another prototype, so it is not included. */
int avahi_entry_group_free(void *first, void *second);

/* What the library that holds the function at "known" calls NAME. */
static void *
find_in_library_of(void *known)
{
	Dl_info info;
	void *library, *found;

	if (dladdr(known, &info) == 0)
		return NULL;
	library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	if (library == NULL)
		return NULL;
	found = dlsym(library, NAME);
	/* It is linked, so it stays. */
	dlclose(library);
	return found;
}

static void
find_both(void)
{
	void *client = find_in_library_of((void *)avahi_client_new);
	void *core = find_in_library_of((void *)avahi_server_new);

	/* The same: there is no clash, or one hides the other. */
	if (client == NULL || core == NULL || client == core)
		return;
	memcpy(&client_free, &client, sizeof(client));
	memcpy(&core_free, &core, sizeof(core));
}

int
symbol_clash_check(void)
{
	pthread_once(&once, find_both);
	return client_free != NULL && core_free != NULL ? 0 : -ERR_IO;
}

void
symbol_clash_enter_client(void)
{
	in_client = true;
}

void
symbol_clash_leave_client(void)
{
	in_client = false;
}

/* The client's takes one argument; the other is then what happens to be in its
 * place, and is not used. */
int
avahi_entry_group_free(void *first, void *second)
{
	/* Unknown: what is not freed is better than what is freed wrongly. */
	if (symbol_clash_check() != 0)
		return -1;
	if (in_client)
		return client_free(first);
	core_free(first, second);
	return 0;
}
