#include "crypto/version.h"

#include <doctest/doctest.h>

using namespace mls;

TEST_CASE("version: libcrypto says its name, number and build") {
  CHECK(LibcryptoVersion().starts_with("OpenSSL 3."));
  CHECK(LibcryptoBuild().find("built on") != std::string::npos);
}
