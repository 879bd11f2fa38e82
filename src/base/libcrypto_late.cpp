// SPDX-License-Identifier: Apache-2.0
//
// The functions of OpenSSL that are used here, loaded with the first hash (base/late_library.h).
#include <openssl/evp.h>

#include "base/late_library.h"

#define CONTRAFLOW_STRING_OF(text) #text
#define CONTRAFLOW_STRING(text) CONTRAFLOW_STRING_OF(text)
#define CONTRAFLOW_LIBRARY "libcrypto.so." CONTRAFLOW_STRING(OPENSSL_SHLIB_VERSION)
#define CONTRAFLOW_PACKAGE "libssl" CONTRAFLOW_STRING(OPENSSL_SHLIB_VERSION)

CONTRAFLOW_FORWARD(int, EVP_Digest, (const void* data, size_t count, unsigned char* md, unsigned int* size, const EVP_MD* type, ENGINE* impl), (data, count, md, size, type, impl))
CONTRAFLOW_FORWARD(const EVP_MD*, EVP_sha256, (), ())
CONTRAFLOW_FORWARD(const EVP_MD*, EVP_md5, (), ())
