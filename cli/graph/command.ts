/** `bulwark graph`: questions to the security graph of a cluster. */
import { Command } from 'commander'
import { blastRadiusCommand } from './blast-radius.ts'
import { fixesCommand, pathsCommand } from './paths.ts'
import { podCommand } from './pod.ts'
import { whoCanCommand } from './who-can.ts'

/** Where `kubectl apply` keeps all that it was given. */
const applied = 'kubectl.kubernetes.io/last-applied-configuration'

export const graphCommand = (): Command =>
  new Command('graph')
    .description('ask the security graph of a cluster')
    .addCommand(pathsCommand())
    .addCommand(fixesCommand())
    .addCommand(podCommand())
    .addCommand(blastRadiusCommand())
    .addCommand(whoCanCommand())
    .addHelpText(
      'after',
      `
A cluster as files: one list a kind, or all in one. No contents of secrets are needed or kept.
  mkdir -p dumps
  for kind in $(kubectl api-resources --verbs=list -o name | grep -v -e ^events -e ^secrets$); do
    kubectl get "$kind" -A -o json >dumps/"$kind".json
  done
  kubectl get secrets -A -o json |
    jq 'del(.items[].data) |
      del(.items[].metadata.annotations["${applied}"])' >dumps/secrets.json
  kubectl version -o json >dumps/version.json`,
    )
