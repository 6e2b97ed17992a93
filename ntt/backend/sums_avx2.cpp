#include "../../platform/check.h"
#include "../internal/avx2.h"
#include "../internal/double_avx2.h"
#include "sums_doubles.inc"
