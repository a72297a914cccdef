// ExternalKeys: two external senders, whose keys the test holds (RFC 9420 §12.1.8.1).
#pragma once

#include "support/company.h"

namespace mls::test {

struct ExternalKeys {
  explicit ExternalKeys(const Suite& suite) {
    SeededRandom random(0x5E4DE5);  // not the seed of any World
    for (SignatureKeyPair& key_pair : keys) {
      key_pair = Must(GenerateSignatureKeyPair(suite, random));
      senders.senders.push_back({key_pair.public_key, Credential::Basic(AsView("server"))});
    }
  }
  // In adds them to the options of a group.
  CompanyOptions In(CompanyOptions options) const {
    options.extensions.push_back(MakeExtension(senders));
    return options;
  }

  SignatureKeyPair keys[2];
  ExternalSenders senders;
};

}  // namespace mls::test
