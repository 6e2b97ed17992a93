/* Loads the plugin, calls it and unloads it, twice. usage: load_plugin PLUGIN MODEL */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

int main(int argc, char** argv) {
  static char text[1 << 16];
  FILE* file = argc == 3 ? fopen(argv[2], "r") : NULL;
  if (file == NULL) return 2;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  for (int round = 0; round < 2; ++round) {
    void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    int (*fit)(const char*, size_t);
    *(void**)&fit = dlsym(plugin, "plugin_requests_fit");
    if (fit == NULL || fit(text, 1 << 30) != 1 || fit(text, 100) != 0 || fit("nothing", 100) != -1) return 1;
    dlclose(plugin);
    if (dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL) {
      fprintf(stderr, "the plugin stays loaded\n");
      return 1;
    }
  }
  return 0;
}
