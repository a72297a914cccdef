#include "group/welcome_create.h"

#include "base/check.h"

namespace mls {

namespace {

// PathSecretFor gives the path secret of the lowest node above both the joiner and us (RFC 9420 §12.4.1).
std::optional<PathSecret> PathSecretFor(const PathSecrets* path, LeafIndex self, LeafIndex joiner) {
  if (path == nullptr) return std::nullopt;
  const NodeIndex common = CommonAncestor(self, joiner);
  for (std::size_t i = 0; i < path->nodes.size(); ++i) {
    if (path->nodes[i] == common)
      return PathSecret{path->path_secrets[i].Clone()};  // sealed to the joiner, then wiped
  }
  return std::nullopt;
}

Result<std::vector<EncryptedGroupSecrets>> SealGroupSecrets(const WelcomeInput& input,
                                                            View encrypted_group_info, const Env& env) {
  const Suite& suite = input.next->shared->suite();
  const CommitPlan& plan = *input.plan;
  const std::size_t count = plan.added_in_order.size();
  MLS_TRY(info, EncryptionContext(suite, "Welcome", encrypted_group_info));
  MLS_TRY(entropy, env.random->TakeSecret(count * suite.Nsk));
  std::vector<EncryptedGroupSecrets> sealed(count);
  const auto seal = [&](std::size_t i) -> Status {
    const KeyPackage& key_package = *input.key_packages[i];
    const GroupSecrets secrets{input.joiner_secret->Clone(),
                               PathSecretFor(input.path, input.next->self, plan.added_in_order[i]),
                               plan.psks};
    MLS_TRY(reference, KeyPackageRef(suite, key_package));
    MLS_TRY(ciphertext, HpkeSeal(info, key_package.init_key, EncodeSecret(secrets),
                                 entropy.view().subspan(i * suite.Nsk, suite.Nsk)));
    sealed[i] = {ToBytes(reference), std::move(ciphertext)};
    return kOk;
  };
  MLS_DO(ParallelFor(env.pool, count, 8, seal, "welcome"));
  return sealed;
}

}  // namespace

Result<std::vector<WelcomeMessage>> MakeWelcomes(const WelcomeInput& input, const Env& env) {
  const Suite& suite = input.next->shared->suite();
  const CommitOptions& options = *input.options;
  const bool one_each = options.welcomes == CommitOptions::Welcomes::one_each;
  MLS_TRY(group_info,
          BuildGroupInfo(*input.next, input.signature_private_key,
                         {options.tree, options.external_pub, options.group_info_extensions}, env));
  MLS_TRY(welcome_secret, WelcomeSecret(suite, *input.member_secret));
  MLS_TRY(encrypted, SealGroupInfo(suite, welcome_secret, group_info));
  MLS_TRY(sealed, SealGroupSecrets(input, encrypted, env));

  std::vector<WelcomeMessage> welcomes;
  if (!one_each) {
    WelcomeMessage welcome;
    for (const EncryptedGroupSecrets& one : sealed) welcome.key_packages.push_back(one.new_member);
    welcome.message = EncodeMessage(Welcome{suite.id, std::move(sealed), std::move(encrypted)});
    welcomes.push_back(std::move(welcome));
    return welcomes;
  }
  for (EncryptedGroupSecrets& one : sealed) {
    WelcomeMessage welcome;
    welcome.key_packages.push_back(one.new_member);
    welcome.message = EncodeMessage(Welcome{suite.id, {std::move(one)}, encrypted});
    welcomes.push_back(std::move(welcome));
  }
  return welcomes;
}

}  // namespace mls
