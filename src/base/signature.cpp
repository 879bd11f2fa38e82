// SPDX-License-Identifier: Apache-2.0
#include "base/signature.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "base/hash.h"

namespace contraflow {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

constexpr std::size_t kSignatureBytes = 64;  // RFC 8032, section 5.1.6

void need(bool good) {
  if (!good) throw std::logic_error("OpenSSL does not do Ed25519");
}

Bio reader(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// OpenSSL would ask on the terminal for a key without a passphrase.
int give(char* buffer, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  if (static_cast<int>(text.size()) > size) return -1;
  text.copy(buffer, text.size());
  return static_cast<int>(text.size());
}

// An encrypted block in the place of a public key: OpenSSL would ask on the terminal for its passphrase.
int decline(char*, int, int, void*) { return -1; }

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                                                 : -1; }

std::optional<std::vector<unsigned char>> from_hex(std::string_view text) {
  if (text.size() != kSignatureBytes * 2) return std::nullopt;
  std::vector<unsigned char> out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<unsigned char>(high * 16 + low));
  }
  return out;
}

}  // namespace

SigningKey make_signing_key(const std::string& passphrase) {
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* made = nullptr;
  need(context && EVP_PKEY_keygen_init(context.get()) == 1 && EVP_PKEY_keygen(context.get(), &made) == 1);
  const Key key(made);
  const Bio secret(BIO_new(BIO_s_mem())), open(BIO_new(BIO_s_mem()));
  need(PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), EVP_aes_256_cbc(), passphrase.data(), static_cast<int>(passphrase.size()), nullptr, nullptr) == 1);
  need(PEM_write_bio_PUBKEY(open.get(), key.get()) == 1);
  return {written(secret.get()), written(open.get())};
}

std::string sign(const std::string& private_pem, const std::string& passphrase, std::string_view message) {
  std::string given = passphrase;
  const Key key(PEM_read_bio_PrivateKey(reader(private_pem).get(), nullptr, give, &given));
  ERR_clear_error();
  if (!key) {
    if (private_pem.find("PRIVATE KEY-----") == std::string::npos) throw Error(ErrorCode::usage, "this is no signing key", "");
    throw Error(ErrorCode::refused, "the passphrase is not the key's", "");
  }
  if (EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) throw Error(ErrorCode::usage, "this is no Ed25519 key", "");
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  std::array<unsigned char, kSignatureBytes> signature{};
  std::size_t size = signature.size();
  need(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
       EVP_DigestSign(context.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1);
  return hex(signature);
}

bool verify_signature(const std::string& public_pem, std::string_view message, std::string_view signature) {
  const auto bytes = from_hex(signature);
  const Key key(PEM_read_bio_PUBKEY(reader(public_pem).get(), nullptr, decline, nullptr));
  ERR_clear_error();
  if (!bytes || !key || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) return false;
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  const bool good = EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestVerify(context.get(), bytes->data(), bytes->size(), reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace contraflow
