// SPDX-License-Identifier: Apache-2.0
//
// The functions of OpenSSL that are used here, loaded with the first hash or signature (base/late_library.h).
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/late_library.h"

#define CONTRAFLOW_STRING_OF(text) #text
#define CONTRAFLOW_STRING(text) CONTRAFLOW_STRING_OF(text)
#define CONTRAFLOW_LIBRARY "libcrypto.so." CONTRAFLOW_STRING(OPENSSL_SHLIB_VERSION)
#define CONTRAFLOW_PACKAGE "libssl" CONTRAFLOW_STRING(OPENSSL_SHLIB_VERSION)

// hash.cpp
CONTRAFLOW_FORWARD(int, EVP_Digest, (const void* data, size_t count, unsigned char* md, unsigned int* size, const EVP_MD* type, ENGINE* impl), (data, count, md, size, type, impl))
CONTRAFLOW_FORWARD(const EVP_MD*, EVP_sha256, (), ())
CONTRAFLOW_FORWARD(const EVP_MD*, EVP_md5, (), ())

// signature.cpp
CONTRAFLOW_FORWARD(long, BIO_ctrl, (BIO * bp, int cmd, long larg, void* parg), (bp, cmd, larg, parg))
CONTRAFLOW_FORWARD(void, BIO_free_all, (BIO * a), (a))
CONTRAFLOW_FORWARD(BIO*, BIO_new, (const BIO_METHOD* type), (type))
CONTRAFLOW_FORWARD(BIO*, BIO_new_mem_buf, (const void* buf, int len), (buf, len))
CONTRAFLOW_FORWARD(const BIO_METHOD*, BIO_s_mem, (), ())
CONTRAFLOW_FORWARD(void, ERR_clear_error, (), ())
CONTRAFLOW_FORWARD(int, EVP_DigestSign, (EVP_MD_CTX * ctx, unsigned char* sigret, size_t* siglen, const unsigned char* tbs, size_t tbslen), (ctx, sigret, siglen, tbs, tbslen))
CONTRAFLOW_FORWARD(int, EVP_DigestSignInit, (EVP_MD_CTX * ctx, EVP_PKEY_CTX** pctx, const EVP_MD* type, ENGINE* e, EVP_PKEY* pkey), (ctx, pctx, type, e, pkey))
CONTRAFLOW_FORWARD(int, EVP_DigestVerify, (EVP_MD_CTX * ctx, const unsigned char* sigret, size_t siglen, const unsigned char* tbs, size_t tbslen), (ctx, sigret, siglen, tbs, tbslen))
CONTRAFLOW_FORWARD(int, EVP_DigestVerifyInit, (EVP_MD_CTX * ctx, EVP_PKEY_CTX** pctx, const EVP_MD* type, ENGINE* e, EVP_PKEY* pkey), (ctx, pctx, type, e, pkey))
CONTRAFLOW_FORWARD(void, EVP_MD_CTX_free, (EVP_MD_CTX * ctx), (ctx))
CONTRAFLOW_FORWARD(EVP_MD_CTX*, EVP_MD_CTX_new, (), ())
CONTRAFLOW_FORWARD(void, EVP_PKEY_CTX_free, (EVP_PKEY_CTX * ctx), (ctx))
CONTRAFLOW_FORWARD(EVP_PKEY_CTX*, EVP_PKEY_CTX_new_id, (int id, ENGINE* e), (id, e))
CONTRAFLOW_FORWARD(void, EVP_PKEY_free, (EVP_PKEY * pkey), (pkey))
CONTRAFLOW_FORWARD(int, EVP_PKEY_get_id, (const EVP_PKEY* pkey), (pkey))
CONTRAFLOW_FORWARD(int, EVP_PKEY_keygen, (EVP_PKEY_CTX * ctx, EVP_PKEY** ppkey), (ctx, ppkey))
CONTRAFLOW_FORWARD(int, EVP_PKEY_keygen_init, (EVP_PKEY_CTX * ctx), (ctx))
CONTRAFLOW_FORWARD(const EVP_CIPHER*, EVP_aes_256_cbc, (), ())
CONTRAFLOW_FORWARD(EVP_PKEY*, PEM_read_bio_PUBKEY, (BIO * out, EVP_PKEY** x, pem_password_cb* cb, void* u), (out, x, cb, u))
CONTRAFLOW_FORWARD(EVP_PKEY*, PEM_read_bio_PrivateKey, (BIO * out, EVP_PKEY** x, pem_password_cb* cb, void* u), (out, x, cb, u))
CONTRAFLOW_FORWARD(int, PEM_write_bio_PKCS8PrivateKey, (BIO * bp, const EVP_PKEY* x, const EVP_CIPHER* enc, const char* kstr, int klen, pem_password_cb* cb, void* u), (bp, x, enc, kstr, klen, cb, u))
CONTRAFLOW_FORWARD(int, PEM_write_bio_PUBKEY, (BIO * out, const EVP_PKEY* x), (out, x))
