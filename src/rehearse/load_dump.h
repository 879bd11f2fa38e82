// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace contraflow::rehearse {

// A dump in pg_dump's custom or directory format.
bool is_archive(const std::string& path);

// `bindirs`: folders of servers to look for pg_restore and pg_dump in, besides the usual ones; the newest is taken.

// Restores it into a database by pg_restore with parallel jobs; owners and privileges become those of the
// connection's role, which is noted. `name`: what messages call it; empty: its path. Throws Error{usage} for a dump that is broken or of a newer pg_dump,
// Error{environment} where pg_restore is missing or the disk is full.
void restore_archive(const std::string& path, const std::string& conninfo, std::vector<std::string>& notes, const std::vector<std::string>& bindirs, const std::string& name = {});

// Copies schema and rows of a clone (a branch, a thin clone, a restored backup) into a database.
// Error{refused} for what looks like a primary that serves traffic, unless `is_safe`: nobody should dump
// production for this by mistake.
void copy_clone(const std::string& url, const std::string& conninfo, bool is_safe,
                std::vector<std::string>& notes, const std::vector<std::string>& bindirs);

}  // namespace contraflow::rehearse
