// SPDX-License-Identifier: Apache-2.0
#include "rehearse/evidence.h"

#include <stdexcept>

namespace contraflow::rehearse {

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::proven:
      return "proven";
    case Verdict::refuted:
      return "refuted";
    case Verdict::unknown:
      return "unknown";
  }
  throw std::logic_error("internal error: verdict out of range");
}

const Proof* Rehearsal::find(std::string_view id) const {
  for (const Proof& proof : proofs)
    if (proof.id == id) return &proof;
  return nullptr;
}

Verdict Rehearsal::verdict() const {
  Verdict worst = Verdict::proven;
  for (const Proof& proof : proofs) {
    if (!proof.decisive) continue;
    if (proof.verdict == Verdict::refuted) return Verdict::refuted;
    if (proof.verdict == Verdict::unknown) worst = Verdict::unknown;
  }
  return worst;
}

}  // namespace contraflow::rehearse
