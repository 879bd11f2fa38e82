// SPDX-License-Identifier: Apache-2.0
#include "report/html_page.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/html_text.h"

namespace contraflow::report {
namespace {

constexpr const char* kStyle = R"css(
:root{--bg:#fbfaf7;--fg:#1c1e21;--soft:#5a6068;--line:#d9d6cd;--card:#fff;--good:#1a7f4b;--bad:#b3261e;--open:#8a5a00;--goodbg:#e5f4ec;--badbg:#fbe9e7;--openbg:#fdf1d8;--accent:#0b5cad;
--l8:#c0392b;--l7:#d35400;--l6:#d68910;--l5:#b7950b;--l4:#2e86c1;--l3:#7f8c8d;--mark:rgba(255,255,255,.8)}
@media (prefers-color-scheme:dark){:root{--bg:#16181b;--fg:#e8e6e1;--soft:#a5abb3;--line:#34383e;--card:#1e2125;--good:#5fd39a;--bad:#ff8a80;--open:#f2c14e;--goodbg:#17352a;--badbg:#3d1f1d;--openbg:#382c12;--accent:#7db8f0;
--l8:#e2574c;--l7:#e67e22;--l6:#e0a030;--l5:#d4b52b;--l4:#4aa3df;--l3:#8d9a9c;--mark:rgba(0,0,0,.65)}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
header.banner,main,nav,footer{max-width:72rem;margin:0 auto;padding:0 1rem}
header.banner{margin-top:1rem;padding:1rem 1.25rem;border-radius:12px;border-left:8px solid}
.banner.good{background:var(--goodbg);border-color:var(--good)}.banner.bad{background:var(--badbg);border-color:var(--bad)}.banner.open{background:var(--openbg);border-color:var(--open)}
.banner .verdict{font-size:1.35rem;font-weight:700;margin:0}.banner h1{font-size:1rem;font-weight:600;margin:.35rem 0 0;overflow-wrap:anywhere;font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,monospace}
.banner .facts{margin:.25rem 0 0;color:var(--soft);overflow-wrap:anywhere}.sign{display:inline-block;width:1.3em;text-align:center}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding-top:.75rem;padding-bottom:.25rem}nav a{padding:.35rem 0}a{color:var(--accent)}
section{margin:1.5rem 0}h2{font-size:1.2rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}h3{font-size:1rem;margin:.25rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.75rem 1rem;margin:.6rem 0;list-style:none}
.card.good{border-left:5px solid var(--good)}.card.bad{border-left:5px solid var(--bad)}.card.open{border-left:5px solid var(--open)}
.card p{margin:.3rem 0}ol.checklist,ul.findings{padding:0;margin:0}@media (min-width:56rem){ol.checklist{display:grid;grid-template-columns:1fr 1fr;gap:.8rem}ol.checklist .card{margin:0}}
.badge{display:inline-block;padding:.05rem .55rem;border-radius:999px;font-weight:700;font-size:.85rem;border:1px solid currentColor;white-space:nowrap}.badge.good{color:var(--good)}.badge.bad{color:var(--bad)}.badge.open{color:var(--open)}
.fix{color:var(--soft)}.fix strong{color:var(--fg)}summary{cursor:pointer;color:var(--accent);padding:.2rem 0}details ul{margin:.25rem 0;padding-left:1.2rem}li{overflow-wrap:anywhere}
ol.flow{list-style:none;padding:0;margin:0;display:flex;flex-direction:column;gap:.5rem}ol.flow li{position:relative;padding:.5rem .75rem .5rem 1.1rem;border-radius:8px;background:var(--card);border:1px solid var(--line)}
ol.flow li.gate{border-style:dashed;border-color:var(--open)}ol.flow .kind{display:inline-block;min-width:4.2em;font-size:.8rem;font-weight:700;color:var(--soft)}ol.flow li.gate .kind{color:var(--open)}ol.flow li.phase .kind{color:var(--accent)}
ol.flow li:not(:last-child)::after{content:"";position:absolute;left:1.6rem;bottom:-.55rem;height:.55rem;border-left:2px solid var(--line)}
pre{margin:.3rem 0;padding:.6rem;background:var(--bg);border:1px solid var(--line);border-radius:6px;overflow:auto;font-size:.85rem;max-height:24rem}code{font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,monospace}figure{margin:.5rem 0}figcaption{color:var(--soft);font-size:.9rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line)}th{color:var(--soft);font-weight:600;white-space:nowrap}tr.over td{color:var(--bad)}td.n{white-space:nowrap}
td pre{max-width:44rem}.filters{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:.5rem 0}.filters input[type=search]{font:inherit;padding:.3rem .5rem;border:1px solid var(--line);border-radius:6px;background:var(--card);color:inherit;min-width:10rem}
.filters label{padding:.25rem 0}.lock{font-size:.8rem;font-weight:700}.l8{color:var(--l8)}.l7{color:var(--l7)}.l6{color:var(--l6)}.l5{color:var(--l5)}.l4{color:var(--l4)}
.defs{position:absolute}.fill8{fill:var(--l8)}.fill7{fill:var(--l7)}.fill6{fill:var(--l6)}.fill5{fill:var(--l5)}.fill4{fill:var(--l4)}.fill3{fill:var(--l3)}.mark{stroke:var(--mark);fill:none}.dot{fill:var(--mark)}
.chart svg{min-width:640px;width:100%;height:auto;display:block}.grid{stroke:var(--line)}.tick{fill:var(--soft);font-size:12px}.lane{fill:var(--fg);font-size:14px;font-weight:600}.legend{display:flex;flex-wrap:wrap;gap:.3rem 1rem;font-size:.85rem;color:var(--soft)}.legend svg{vertical-align:-2px}
.bar:focus,.over:focus,.during:focus{outline:3px solid var(--accent);outline-offset:1px}.budget{stroke:var(--bad);stroke-dasharray:6 4;stroke-width:1.5}.stall{stroke:var(--accent);stroke-width:2;fill:none}.during{fill:var(--open);opacity:.18}circle.over{fill:var(--bad)}
.hint{color:var(--soft);font-size:.85rem}#tip{position:fixed;z-index:9;max-width:min(32rem,90vw);padding:.4rem .6rem;border-radius:6px;background:var(--fg);color:var(--bg);font-size:.85rem;pointer-events:none;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:.85rem;padding-bottom:2rem}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
@media screen and (max-width:44rem){.scroll table,.scroll tbody,.scroll tr,.scroll td{display:block}.scroll tr[hidden]{display:none}.scroll thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.scroll tr{border:1px solid var(--line);border-radius:10px;background:var(--card);padding:.5rem .75rem;margin:.6rem 0}.scroll td{border:0;padding:.15rem 0;overflow-wrap:anywhere;text-align:left}.scroll td:empty{display:none}
.scroll td[data-label]::before{content:attr(data-label) ": ";color:var(--soft);font-size:.85rem}}
@media print{nav,.filters,.hint{display:none}body{background:#fff;color:#000;font-size:11pt}.card,tr{break-inside:avoid}.scroll{overflow:visible}details>*{display:block}section{margin:.8rem 0}}
)css";

constexpr const char* kScript = R"js(
(function(){'use strict';
var table=document.getElementById('steps-table');
if(table){var text=document.getElementById('filter-text'),boxes={reads:document.getElementById('filter-reads'),writes:document.getElementById('filter-writes'),work:document.getElementById('filter-work')},count=document.getElementById('filter-count'),rows=Array.prototype.slice.call(table.tBodies[0].rows);
var apply=function(){var words=text.value.trim().toLowerCase(),shown=0;rows.forEach(function(row){var on=row.textContent.toLowerCase().indexOf(words)>=0;Object.keys(boxes).forEach(function(key){if(boxes[key].checked&&row.dataset[key]!=='1')on=false});row.hidden=!on;if(on)shown++});count.textContent=shown+' of '+rows.length+' shown'};
text.addEventListener('input',apply);Object.keys(boxes).forEach(function(key){boxes[key].addEventListener('change',apply)});text.form.addEventListener('submit',function(event){event.preventDefault()});apply()}
Array.prototype.forEach.call(document.querySelectorAll('.scroll table'),function(table){table.setAttribute('role','table');var heads=Array.prototype.map.call(table.querySelectorAll('thead th'),function(head){head.setAttribute('role','columnheader');return head.textContent});
Array.prototype.forEach.call(table.rows,function(row){row.setAttribute('role','row');Array.prototype.forEach.call(row.cells,function(cell,i){if(cell.tagName==='TD'){cell.setAttribute('role','cell');cell.dataset.label=heads[i]||''}})})});
var tip=document.createElement('div');tip.id='tip';tip.hidden=true;tip.setAttribute('aria-hidden','true');document.body.appendChild(tip);
var show=function(target){var box=target.getBoundingClientRect();tip.textContent=target.dataset.tip;tip.hidden=false;tip.style.left=Math.max(8,Math.min(box.left,window.innerWidth-tip.offsetWidth-8))+'px';var top=box.top-tip.offsetHeight-6;tip.style.top=(top<4?box.bottom+6:top)+'px'};
var hide=function(){tip.hidden=true};
Array.prototype.forEach.call(document.querySelectorAll('[data-tip]'),function(target){target.addEventListener('mouseenter',function(){show(target)});target.addEventListener('focus',function(){show(target)});target.addEventListener('mouseleave',hide);target.addEventListener('blur',hide)});
document.addEventListener('keydown',function(event){if(event.key==='Escape')hide()});
window.addEventListener('beforeprint',function(){Array.prototype.forEach.call(document.querySelectorAll('details'),function(part){part.open=true})});
})();
)js";

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; img-src data:\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" "
      "href=\"data:,\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}<script>{}</script>\n</"
      "body>\n</html>\n",
      escaped(title), kStyle, body, kScript);
}

}  // namespace contraflow::report
