/* client.c with its memory and stack measured: every call of malloc and its kin is counted, and main runs on a painted
 * stack. Prints to stderr what was used; exits with 1 above the limits of README.md. Needs glibc. */
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static int set_up;
static size_t live, peak, calls_after_setup;

static void after_setup(void) { set_up = 1; }

#define AFTER_SETUP after_setup
#define main client_main
#include "client.c"
#undef main

void* __libc_malloc(size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

static void* counted(void* memory) {
  if (set_up) ++calls_after_setup;
  if (memory != NULL) live += malloc_usable_size(memory) + sizeof(size_t); /* its header is memory too */
  if (live > peak) peak = live;
  return memory;
}
void* malloc(size_t size) { return counted(__libc_malloc(size)); }
void* calloc(size_t count, size_t size) {
  if (size != 0 && count > (size_t)-1 / size) return NULL;
  void* memory = counted(__libc_malloc(count * size));
  return memory == NULL ? NULL : memset(memory, 0, count * size);
}
void* memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory == NULL ? 12 : 0;
}
void free(void* memory) {
  if (memory != NULL) live -= malloc_usable_size(memory) + sizeof(size_t);
  __libc_free(memory);
}
void* realloc(void* old, size_t size) {
  void* memory = malloc(size);
  if (memory == NULL || old == NULL) return memory;
  const size_t held = malloc_usable_size(old);
  memcpy(memory, old, held < size ? held : size);
  free(old);
  return memory;
}

/* Keys lie on pages of their own. */
void* mmap(void* at, size_t size, int access, int flags, int fd, off_t offset) {
  if (set_up) ++calls_after_setup;
  live += size;
  if (live > peak) peak = live;
  return (void*)syscall(SYS_mmap, at, size, access, flags, fd, offset);
}
int munmap(void* memory, size_t size) {
  live -= size;
  return (int)syscall(SYS_munmap, memory, size);
}

enum { kStack = 256 << 10, kPaint = 0xa5 };
static _Alignas(64) uint8_t stack[kStack];
static ucontext_t here, there;
static int arguments, result;
static char** values;
static void run(void) { result = client_main(arguments, values); }

int main(int argc, char** argv) {
  memset(stack, kPaint, sizeof stack);
  arguments = argc, values = argv;
  live = peak = 0; /* before main the C++ library took 72 KB for exceptions that cannot happen here */
  getcontext(&there);
  there.uc_stack.ss_sp = stack;
  there.uc_stack.ss_size = sizeof stack;
  there.uc_link = &here;
  makecontext(&there, run, 0);
  swapcontext(&here, &there);
  size_t untouched = 0;
  while (untouched < sizeof stack && stack[untouched] == kPaint) ++untouched;
  const size_t used_stack = sizeof stack - untouched,
               fixed = sizeof file + sizeof inputs + sizeof scores, space = workspace_size,
               total = peak + fixed + space + used_stack;
  fprintf(stderr,
          "peak memory %zu bytes (heap %zu, workspace %zu, buffers %zu, stack %zu); allocations after set-up: %zu\n",
          total, peak, space, fixed, used_stack, calls_after_setup);
  if (result != 0) return result;
  return total <= 256 << 10 && used_stack <= 16 << 10 && calls_after_setup == 0 && peak > 0 ? 0 : 1;
}
