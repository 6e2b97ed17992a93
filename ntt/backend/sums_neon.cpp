#include "../../platform/check.h"
#include "../internal/double_neon.h"
#include "../internal/neon.h"
#include "sums_doubles.inc"
