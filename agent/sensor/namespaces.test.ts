/** Which namespaces are the machine's own, by the links below /proc/PID/ns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHosts } from './namespaces.ts'

test("the machine's own namespaces are told from others by their numbers", () => {
  for (const [kind, link, expected] of [
    ['cgroup', 'cgroup:[4026531835]', true],
    ['cgroup', 'cgroup:[4026532999]', false],
    ['pid', 'pid:[4026531836]', true],
    ['pid', 'pid:[4026531837]', false],
    ['user', 'user:[4026531837]', true],
    ['user', 'cgroup:[4026531837]', false],
  ] as const) {
    assert.equal(isHosts(kind, link), expected, link)
  }
})
