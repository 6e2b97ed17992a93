# IBM Z under Linux, a big-endian machine, with Debian's cross compiler (g++-s390x-linux-gnu).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(FCN_TARGET s390x-linux-gnu)
set(FCN_EMULATOR qemu-s390x)
include(${CMAKE_CURRENT_LIST_DIR}/debian_cross.cmake)
