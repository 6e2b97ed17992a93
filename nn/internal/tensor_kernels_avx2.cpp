#include "tensor_kernels.h"

#define FCN_VEC_FLOATS 8
#define FCN_TAP_COLUMNS 2
#define FCN_TABLE kTensorKernelsAvx2
#define FCN_TABLE_NAME "avx2"
#include "tensor_kernels.inc"
