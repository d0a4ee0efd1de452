/* cmocka wants these headers before its own. */
#ifndef TESTS_UNIT_CMOCKA_H
#define TESTS_UNIT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
