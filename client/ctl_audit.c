/* estuaryctl audit --verify. */
#include <stdio.h>

#include "client/ctl.h"

static void
print_verdict(const json_t *v)
{
	json_int_t unsigned_rows =
	    json_integer_value(json_object_get(v, "last_row")) -
	    json_integer_value(json_object_get(v, "signed_row"));

	printf("%lld rows and %lld checkpoints fit",
	    json_integer_value(json_object_get(v, "rows")),
	    json_integer_value(json_object_get(v, "checkpoints")));
	if (json_is_null(json_object_get(v, "signed_at")))
		printf("; none is signed yet\n");
	else
		printf("; signed up to row %lld at %s\n",
		    json_integer_value(json_object_get(v, "signed_row")),
		    ctl_text(v, "signed_at"));
	if (json_is_true(json_object_get(v, "whole")))
		printf("the audit log is whole; %lld rows await the next "
		       "checkpoint\n",
		    unsigned_rows);
	else
		fprintf(stderr, "estuaryctl: the audit log is broken: %s\n",
		    ctl_text(v, "reason"));
}

int
ctl_audit_verify(const struct ctl *ctl)
{
	json_t *answer = NULL;
	int status = ctl_call(ctl, "GET", "/audit/verify", NULL, &answer);

	if (status != CTL_DONE)
		return status;
	if (ctl->json)
		ctl_print_json(answer);
	else
		print_verdict(answer);
	if (!json_is_true(json_object_get(answer, "whole")))
		status = CTL_REFUSED;
	json_decref(answer);
	return status;
}
