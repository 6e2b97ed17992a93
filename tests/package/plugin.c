/* A shared object that holds the whole library and offers one function of its own. */
#include <stddef.h>
#include <string.h>

#include <fcn/fcn.h>

__attribute__((visibility("default"))) int plugin_requests_fit(const char* model_text, size_t limit);

/* 1 when a request for the model has at most limit bytes, 0 when not, -1 on an error. */
int plugin_requests_fit(const char* model_text, size_t limit) {
  fcn_model* model = NULL;
  fcn_plan* plan = NULL;
  int fit = -1;
  if (fcn_model_load(model_text, strlen(model_text), &model).code == FCN_OK &&
      fcn_plan_create(model, FCN_LAYOUT_PIXEL, &plan).code == FCN_OK) {
    fit = fcn_plan_info(plan).request_size <= limit;
  }
  fcn_plan_free(plan);
  fcn_model_free(model);
  return fit;
}
