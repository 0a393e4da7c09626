/** A kubeconfig for the lab's API server. JSON, which is YAML. */

/** Who asks. */
export type KubeconfigUser =
  { readonly token: string } | { readonly cert: string; readonly key: string }

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The text of a kubeconfig with one cluster, user and context. */
export const kubeconfigText = (server: string, user: KubeconfigUser, authority?: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    clusters: [
      {
        name: 'lab',
        cluster: {
          server,
          ...(authority === undefined ? {} : { 'certificate-authority-data': base64(authority) }),
        },
      },
    ],
    users: [
      {
        name: 'lab',
        user:
          'token' in user
            ? { token: user.token }
            : {
                'client-certificate-data': base64(user.cert),
                'client-key-data': base64(user.key),
              },
      },
    ],
  })
