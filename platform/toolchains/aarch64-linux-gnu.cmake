# 64-bit ARM under Linux, with Debian's cross compiler (g++-aarch64-linux-gnu):
#   cmake -B build/aarch64 -DCMAKE_TOOLCHAIN_FILE=platform/toolchains/aarch64-linux-gnu.cmake
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(FCN_TARGET aarch64-linux-gnu)
set(FCN_EMULATOR qemu-aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/debian_cross.cmake)
