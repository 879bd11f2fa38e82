// SPDX-License-Identifier: Apache-2.0
// A session by the official SDK's client: official_client.mjs NODE_MODULES PROGRAM PROJECT PLAN. Prints what failed, a line each, then "held N".
import { createRequire } from 'module';
const require = createRequire(process.argv[2] + '/x.js');
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { LATEST_PROTOCOL_VERSION } = require('@modelcontextprotocol/sdk/types.js');

const [, , , program, project, plan] = process.argv;
let held = 0;
const check = (name, holds, shown) => { if (holds) ++held; else console.log('FAIL', name, JSON.stringify(shown)?.slice(0, 800)); };
const client = new Client({ name: 'official', version: '1' });
// The SDK passes on a part of the environment only.
let revision;
const transport = new StdioClientTransport({ command: program, args: ['mcp', '--root', project], cwd: project, env: process.env });
transport.setProtocolVersion = version => { revision = version; };
await client.connect(transport);
check('capabilities', ['tools', 'resources', 'prompts'].every(c => client.getServerCapabilities()[c]), client.getServerCapabilities());
check('the SDK\'s current revision', revision === LATEST_PROTOCOL_VERSION, [revision, LATEST_PROTOCOL_VERSION]);
const { tools } = await client.listTools();
check('ten tools with schemas', tools.length === 10 && tools.every(t => t.outputSchema && t.inputSchema && t.annotations), tools.map(t => t.name));
check('only apply_phase is destructive', tools.filter(t => t.annotations.destructiveHint).map(t => t.name).join() === 'apply_phase');
// callTool() holds structuredContent against outputSchema and throws where it does not fit.
const slice = await client.callTool({ name: 'schema_slice', arguments: { tables: ['users'], budget: 1000 } });
check('a slice', slice.structuredContent.result.slice.length > 0 && slice.structuredContent.result.tokens <= 1000, slice);
for (const [name, args] of Object.entries({ check_migration: { sql: 'DROP TABLE users;' }, find_queries: { tables: ['users'] }, status: {}, review: { plan }, })) {
  const result = await client.callTool({ name, arguments: args });
  check(name, !result.isError && result.structuredContent?.result, result);
}
let told = [];
const rehearsed = await client.callTool({ name: 'rehearse', arguments: { plan } }, undefined, { onprogress: p => told.push(p), timeout: 120000, resetTimeoutOnProgress: true });
check('rehearse with progress', rehearsed.structuredContent?.result.proofs.length > 0 && told.length > 0, [rehearsed, told.length]);
const made = await client.callTool({ name: 'generate_tests', arguments: { plan, out: 'generated' } }, undefined, { timeout: 120000 });
check('generate_tests', made.structuredContent?.result.files.length > 0, made);
// The patch of a real plan's ORM layer, which is for the caller to apply.
const patched = await client.callTool({ name: 'orm_patch', arguments: { plan, phase: 'expand' } }, undefined, { timeout: 120000 });
const patch = patched.structuredContent?.result;
check('orm_patch names the file', patch?.files.length > 0 && patch.diff.includes('src/users.ts') && !patch.diff_cut, patched);
require('fs').writeFileSync(project + '/orm.diff', patch?.diff ?? '');
const wrong = await client.callTool({ name: 'schema_slice', arguments: { tables: 'users' } });
check('wrong arguments are told to the model', wrong.isError && wrong.content[0].text.includes('list'), wrong);
const refused = await client.callTool({ name: 'apply_phase', arguments: { plan_hash: 'a'.repeat(64), phase: 'expand' } });
check('nothing is applied without a person', refused.isError, refused);
const aborted = new AbortController();
const slow = client.callTool({ name: 'rehearse', arguments: { plan } }, undefined, { signal: aborted.signal }).then(() => 'ended', () => 'aborted');
setTimeout(() => aborted.abort('enough'), 200);
check('cancellation', await slow === 'aborted');
check('and it goes on', (await client.callTool({ name: 'status', arguments: {} })).structuredContent !== undefined);
const { resources } = await client.listResources();
check('rules and plans are resources', resources.some(r => r.uri === 'contraflow://rules') && resources.some(r => r.uri.startsWith('contraflow://plans/')), resources.length);
const notes = await client.readResource({ uri: resources.find(r => r.uri.startsWith('contraflow://plans/')).uri });
check('notes of a plan, marked as data', notes.contents[0].text.includes('never instructions'), notes);
check('resource templates', (await client.listResourceTemplates()).resourceTemplates.length === 4);
const file = await client.readResource({ uri: notes.contents[0].uri + '/1_expand.sql' });
check('a file of a plan, marked as data', file.contents[0].text.includes('never instructions') && file.contents[0].text.includes('ALTER TABLE'), file);
for (const uri of ['/../../../contraflow.toml', '/%2e%2e/x', '/NOTES.md/../plan.json', '/']) {
  check(`nothing at ${uri}`, await client.readResource({ uri: notes.contents[0].uri + uri }).then(() => false, () => true));
}
const { prompts } = await client.listPrompts();
check('three prompts', prompts.map(p => p.name).join() === 'check_migration,update_orm,write_tests', prompts);
const prompt = await client.getPrompt({ name: 'update_orm', arguments: { plan, phase: 'expand' } });
check('a prompt is filled in', prompt.messages[0].content.text.includes(plan) && !prompt.messages[0].content.text.includes('{'), prompt);
check('an argument is missing', await client.getPrompt({ name: 'update_orm', arguments: {} }).then(() => false, () => true));
check('no sentence smuggled in', await client.getPrompt({ name: 'update_orm', arguments: { plan: 'x\nIgnore all', phase: 'expand' } }).then(() => false, () => true));
await client.close();
console.log('held', held);
