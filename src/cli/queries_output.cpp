// SPDX-License-Identifier: Apache-2.0
#include "cli/queries_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/terminal.h"
#include "base/text.h"
#include "code/site_json.h"

namespace contraflow::cli {
namespace {

std::string standing_name(Standing standing) {
  return standing == Standing::proven ? "proven" : standing == Standing::broken ? "broken"
                                                                                : "unknown";
}

bool asked(const QueriesReport& report, const code::TableUse& use) {
  return report.tables.empty() || std::any_of(report.tables.begin(), report.tables.end(), [&](const std::string& table) {
           return table == use.table.name || table == use.table.schema + "." + use.table.name;
         });
}

// The tables of a site that were asked for; all where none was.
std::vector<const code::TableUse*> shown(const QueriesReport& report, const code::QuerySite& site) {
  std::vector<const code::TableUse*> out;
  for (const code::TableUse& use : site.tables) {
    if (asked(report, use)) out.push_back(&use);
  }
  return out;
}

std::string table_name(const code::TableUse& use) {
  return use.table.schema.empty() || use.table.schema == "public" ? use.table.name : use.table.schema + "." + use.table.name;
}

std::vector<std::string> marks(const code::TableUse& use) {
  std::vector<std::string> out;
  if (use.star) out.emplace_back(use.verb == sql::Verb::insert ? "INSERT without columns" : "SELECT *");
  if (use.unfiltered) out.emplace_back(use.verb == sql::Verb::select ? "unfiltered read" : "unfiltered");
  if (use.nested) out.emplace_back("nested");
  if (!use.known) out.emplace_back("not in the schema");
  if (!use.unknown_columns.empty()) out.push_back("no such column: " + join(use.unknown_columns, ", "));
  return out;
}

std::string columns_of(const code::TableUse& use) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> columns = use.columns;
  if (use.all_columns) return "all columns";
  std::string more;
  if (columns.size() > kMost) {
    more = fmt::format(", … {} in all", columns.size());
    columns.resize(kMost);
  }
  return join(columns, ", ") + more;
}

}  // namespace

std::string queries_summary(const QueriesReport& report) {
  std::set<std::string> files;
  long long stars = 0, unfiltered = 0, broken = 0, unknown = 0;
  for (std::size_t i = 0; i < report.result.sites.size(); ++i) {
    const code::QuerySite& site = report.result.sites[i];
    files.insert(site.file);
    const auto uses = shown(report, site);
    stars += std::any_of(uses.begin(), uses.end(), [](const code::TableUse* use) { return use->star; }) ? 1 : 0;
    unfiltered += std::any_of(uses.begin(), uses.end(), [](const code::TableUse* use) { return use->unfiltered; }) ? 1 : 0;
    if (i < report.proofs.size()) {
      broken += report.proofs[i].standing == Standing::broken ? 1 : 0;
      unknown += report.proofs[i].standing == Standing::unknown ? 1 : 0;
    }
  }
  std::string out = fmt::format("{} in {}", count_of(static_cast<long long>(report.result.sites.size()), "site"), count_of(static_cast<long long>(files.size()), "file"));
  if (stars > 0) out += fmt::format(", {} with *", stars);
  if (unfiltered > 0) out += fmt::format(", {} unfiltered", unfiltered);
  if (!report.proofs.empty()) out += fmt::format("; {} broken, {} unknown, {} proven", broken, unknown, static_cast<long long>(report.proofs.size()) - broken - unknown);
  return out;
}

std::string queries_text(const QueriesReport& report, bool color) {
  std::string out, file;
  for (std::size_t i = 0; i < report.result.sites.size(); ++i) {
    const code::QuerySite& site = report.result.sites[i];
    if (site.file != file) {
      if (!file.empty()) out += "\n";
      file = site.file;
      out += styled(file, Style::bold, color) + "\n";
    }
    const auto uses = shown(report, site);
    bool first = true;
    for (const code::TableUse* use : uses) {
      const std::string place = first ? fmt::format("{}:{}", site.line, site.column) : "";
      std::string line = fmt::format("  {:<8} {:<8} {}", place, sql::verb_name(use->verb), table_name(*use));
      if (const std::string columns = columns_of(*use); !columns.empty()) line += fmt::format(" ({})", columns);
      if (const auto flags = marks(*use); !flags.empty()) line += "  " + styled(join(flags, ", "), Style::yellow, color);
      if (first && !site.function.empty()) line += "  " + styled(site.function, Style::dim, color);
      if (first && site.confidence != code::Confidence::high) line += fmt::format("  [{}: {}]", code::confidence_name(site.confidence), site.reason);
      out += line + "\n";
      first = false;
    }
    if (i < report.proofs.size() && report.proofs[i].standing != Standing::proven) {
      const SiteProof& proof = report.proofs[i];
      const bool broken = proof.standing == Standing::broken;
      out += fmt::format("           {}{}: {}\n", styled(standing_name(proof.standing), broken ? Style::red : Style::yellow, color),
                         proof.state.empty() ? "" : " " + proof.state, proof.message);
    }
  }
  return out;
}

std::string queries_json(const QueriesReport& report) {
  nlohmann::ordered_json json;
  json["schema"] = report.schema;
  json["tables"] = report.tables;
  auto& sites = json["sites"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < report.result.sites.size(); ++i) {
    nlohmann::ordered_json site = code::site_json(report.result.sites[i]);
    if (i < report.proofs.size()) {
      const SiteProof& proof = report.proofs[i];
      site["proof"] = {{"verdict", standing_name(proof.standing)}, {"state", proof.state}, {"message", proof.message}};
    }
    sites.push_back(std::move(site));
  }
  auto& skipped = json["skipped"] = nlohmann::ordered_json::array();
  for (const code::SkippedFile& file : report.result.skipped) skipped.push_back({{"file", file.file}, {"reason", file.reason}});
  const code::ScanStatistics& s = report.result.statistics;
  json["statistics"] = {{"files", s.files}, {"bytes", s.bytes}, {"candidates", s.candidates}, {"parsed", s.parsed}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string queries_markdown(const QueriesReport& report) {
  const auto cell = [](std::string text) { return replace_all(replace_all(text, "|", "\\|"), "\n", " "); };
  std::string out = report.tables.empty() ? "# Queries\n\n" : fmt::format("# Queries of {}\n\n", join(report.tables, ", "));
  out += queries_summary(report) + ".\n";
  std::string file;
  for (std::size_t i = 0; i < report.result.sites.size(); ++i) {
    const code::QuerySite& site = report.result.sites[i];
    if (site.file != file) {
      file = site.file;
      out += fmt::format("\n## {}\n\n| place | operation | table | columns | marks |{}\n| --- | --- | --- | --- | --- |{}\n", file,
                         report.proofs.empty() ? "" : " proof |", report.proofs.empty() ? "" : " --- |");
    }
    for (const code::TableUse* use : shown(report, site)) {
      std::vector<std::string> flags = marks(*use);
      if (site.confidence != code::Confidence::high) flags.push_back(fmt::format("{} confidence: {}", code::confidence_name(site.confidence), site.reason));
      out += fmt::format("| {}:{} | {} | {} | {} | {} |", site.line, site.column, sql::verb_name(use->verb), cell(table_name(*use)), cell(columns_of(*use)),
                         cell(join(flags, ", ")));
      if (i < report.proofs.size()) {
        const SiteProof& proof = report.proofs[i];
        out += fmt::format(" {} |", cell(proof.standing == Standing::proven ? "proven" : standing_name(proof.standing) + " " + proof.state + ": " + proof.message));
      }
      out += "\n";
    }
  }
  return out;
}

std::string queries_sarif(const QueriesReport& report) {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  const auto add = [&](const code::QuerySite& site, const char* rule, const char* level, const std::string& text) {
    results.push_back({{"ruleId", rule},
                       {"level", level},
                       {"message", {{"text", text}}},
                       {"locations",
                        {{{"physicalLocation",
                           {{"artifactLocation", {{"uri", site.file}}}, {"region", {{"startLine", site.line}, {"startColumn", site.column}}}}}}}}});
  };
  for (std::size_t i = 0; i < report.result.sites.size(); ++i) {
    const code::QuerySite& site = report.result.sites[i];
    if (i < report.proofs.size() && report.proofs[i].standing == Standing::broken)
      add(site, "broken-query", "error", fmt::format("This statement fails {}: {}", report.proofs[i].state, report.proofs[i].message));
    for (const code::TableUse& use : site.tables) {
      if (!use.unknown_columns.empty())
        add(site, "unknown-column", "warning", fmt::format("{} has no column {}", table_name(use), join(use.unknown_columns, ", ")));
    }
  }
  const auto rule = [](const char* id, const char* text) { return nlohmann::ordered_json{{"id", id}, {"shortDescription", {{"text", text}}}}; };
  nlohmann::ordered_json json = {
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs",
       {{{"tool",
          {{"driver",
            {{"name", "contraflow"},
             {"rules", {rule("broken-query", "A statement of the application fails in a state of the plan"), rule("unknown-column", "A column that the schema does not have")}}}}}},
         {"results", results}}}}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace contraflow::cli
