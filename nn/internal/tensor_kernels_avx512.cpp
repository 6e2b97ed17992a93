#include "tensor_kernels.h"

#define FCN_VEC_FLOATS 16
#define FCN_TAP_COLUMNS 3
#define FCN_TABLE kTensorKernelsAvx512
#define FCN_TABLE_NAME "avx512"
#include "tensor_kernels.inc"
