/** The pack that the recorded answers of StackStorm are about (api-samples.json), as far as this product reads it. */
export const demoPack: Readonly<Record<string, string>> = {
  'packs/demo/pack.yaml':
    'ref: demo\nname: demo\ndescription: Demo pack\nversion: 0.1.0\nauthor: Jane\nemail: jane@example.com\nkeywords: [demo]\n',
  'packs/demo/README.md': '# demo\n',
  'packs/demo/actions/a.yaml': `name: a
description: Demo action.
runner_type: local-shell-cmd
entry_point: ''
enabled: true
tags: [{name: team, value: ops}]
parameters:
  cmd: {immutable: true, default: 'echo {{ msg }}'}
  msg: {type: string, required: true, description: A message.}
  pw: {type: string, secret: true}
`,
};
