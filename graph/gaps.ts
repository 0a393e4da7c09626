/** What the catalogue does not cover, so that nobody takes silence for safety. */
export const gaps: readonly { readonly what: string; readonly why: string }[] = [
  {
    what: 'Users and groups of whoever authenticates people',
    why:
      'Which groups a user is in is known to the authenticator; the graph knows those that ' +
      'follow ' +
      'from the name, and every group that a binding names as one of its own.',
  },
  {
    what: 'Other authorizers than RBAC',
    why:
      'Webhooks and ABAC are not in objects. Of the node authorizer the graph has tokens, ' +
      'secrets and ' +
      'config maps (NODE_TOKENS, NODE_SECRETS), and no claims.',
  },
  {
    what: 'The default level of pod security',
    why: 'It is in a file of the API server; `privileged`, the default of that default, is taken.',
  },
  {
    what: 'Expressions of policies for admission',
    why:
      'CEL, Rego and patterns are not evaluated. A policy that may be about what takes a pod ' +
      'to its ' +
      'node makes CREATE_POD_NODE unknown, and contexts say so; only levels of pod security that ' +
      'Kyverno enforces for all pods, without exceptions, decide.',
  },
  {
    what: "An image's user, and its file capabilities",
    why: 'Where neither pod nor container says a user, root is taken, and that is said.',
  },
  {
    what: 'Windows',
    why:
      'Pods of its nodes are taken for those of Linux. A HostProcess container, which is the ' +
      'node itself, is no way to it here.',
  },
  {
    what: 'SELinux',
    why: 'Whether it confines a container is not in objects; escapes are told as if it did not.',
  },
  {
    what: 'Control groups, and the version of runc',
    why:
      "They are guessed from the node's system and its container runtime, and never more than " +
      'possible or unknown.',
  },
  {
    what: 'Fixes of faults by distributions',
    why: 'ESC_KERNEL_CVE, ESC_USERNS_CGROUP and ESC_RUNTIME_CVE are unknown by nature.',
  },
  {
    what: 'Custom resources that make pods or change rights',
    why:
      'Those of Argo, Tekton, Knative and Flux are known by name, with the usual service ' +
      'accounts of ' +
      'their controllers; others are not.',
  },
  {
    what: 'Access entries of EKS, and other rights that a cloud keeps',
    why: 'They are in no object; of EKS the config map `aws-auth` counts.',
  },
  {
    what: 'Network policies of Cilium, Calico and Istio, and the newest form for administrators',
    why:
      'CiliumNetworkPolicy, NetworkPolicy and GlobalNetworkPolicy of Calico, AuthorizationPolicy ' +
      'and ClusterNetworkPolicy are known of: where one may hold, REACH is unknown, POD_SA is ' +
      'possible, and contexts name them.',
  },
  {
    what: 'Images and their vulnerabilities as nodes',
    why:
      'Nobody controls an image by taking a container over, so they are no nodes ' +
      '(IMAGE_CVE). Which vulnerabilities an image has, by its digest, is the fact of RCE and ' +
      'of the factors `cve.*`.',
  },
  {
    what: 'Secrets with which images are pulled',
    why:
      'The kubelet uses them, and no container gets them: they are among what a node has ' +
      '(NODE_SECRETS), not among MOUNTED_SECRET.',
  },
  {
    what: 'Tokens that are carried away',
    why:
      'POD_SA is use of a token from its pod. Who reads one where policies keep the pod from the ' +
      'API server may use it from elsewhere, if the API server is reached from there.',
  },
  {
    what: 'Firewalls before nodes, and where tunnels end',
    why: 'They are in no object: a port of a node, and a tunnel, are possible and never certain.',
  },
  {
    what: 'Middlewares of Traefik, and what programs ask for themselves',
    why:
      'A middleware may guard, so a route with one is certain for level 5 and possible for 6; ' +
      'whether a program asks for a password is in no object.',
  },
  {
    what: 'Which ports a container listens on',
    why: 'A port need not be declared: REACH is about any port that policies let through.',
  },
]
