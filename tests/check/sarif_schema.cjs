// SPDX-License-Identifier: Apache-2.0
// Validates SARIF files against the schema of the standard:  node sarif_schema.cjs NODE_MODULES FILE…
const fs = require('fs');
const [modules, ...files] = process.argv.slice(2);
const from = require('module').createRequire(modules + '/x.js');
const Ajv = from('ajv');
const schema = JSON.parse(fs.readFileSync(modules + '/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', 'utf8'));
const ajv = new Ajv({ schemaId: 'auto', allErrors: true });
ajv.addMetaSchema(from('ajv/lib/refs/json-schema-draft-04.json'));
const valid = ajv.compile(schema);
let failed = false;
// A validator that takes anything would say so of these too.
for (const wrong of [{}, { version: '2.1.0', runs: [{}] }, { version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{ level: 'bad', message: { text: 'm' } }] }] }]) {
  if (valid(wrong)) { failed = true; console.log('the schema takes what it must refuse: ' + JSON.stringify(wrong)); }
}
for (const file of files) {
  if (valid(JSON.parse(fs.readFileSync(file, 'utf8')))) continue;
  failed = true;
  for (const error of valid.errors.slice(0, 10)) console.log(`${file}: ${error.dataPath} ${error.message}`);
}
process.exit(failed ? 1 : 0);
