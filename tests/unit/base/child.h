/* What is tried in a process of its own. */
#ifndef TESTS_UNIT_BASE_CHILD_H
#define TESTS_UNIT_BASE_CHILD_H

#define NO_LANDLOCK 77

/* Its waitpid() status; what the function returns is how it exits. */
int in_child(int (*what)(void *arg), void *arg);
/* What the function returned; fails the test if a signal ended it, and skips it
 * at NO_LANDLOCK. */
int outcome(int (*what)(void *arg), void *arg);

#endif
