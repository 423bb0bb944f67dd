#!/usr/bin/env node
// Old syntax on purpose: an old Node.js must be able to parse this file to say what is wrong.
'use strict'
var version = process.versions.node.split('.').map(Number)
if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  process.stderr.write(
    'error USAGE_NODE_VERSION: millrace needs Node.js 22.18 or newer, this is ' +
      process.versions.node +
      '\n  help: install a newer one, or bring one along with your project: npm install --save-dev node@24\n',
  )
  process.exitCode = 2
} else {
  import('../dist/cli.js')
}
