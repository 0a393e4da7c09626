/**
 * Types of the parameters of events, for `evt.rawarg.NAME`: facts of Falco's event table, of the
 * first event that has a parameter of the name. What is not listed is text.
 */
import type { FieldType } from './fieldtypes.ts'

const names: Readonly<Partial<Record<FieldType, string>>> = {
  i64:
    'res ret status maxevents fd fd1 fd2 fd_in fd_out fdin fdout in_fd out_fd dirfd linkdirfd ' +
    'mountfd newdir newdirfd newfd olddir olddirfd oldfd pid_fd target_fd pid tid ptid pgid ' +
    'vpgid vpid vtid dpid spid next reaper_tid arg2_int cur max newcur newmax oldcur oldmax ' +
    'timeout',
  i32: 'aux backlog key nsems semid semnum tty',
  i16: 'sem_op_0 sem_op_1',
  u32:
    'size flags mode uid gid dev error features nstype operation prot resolve semflg action cpu ' +
    'cq_entries entries event_type first id last mask min_complete mnt_id nr_args nsops optlen ' +
    'plugin_id proto queuelen queuemax ratio sq_entries sq_thread_cpu sq_thread_idle to_submit ' +
    'type vm_rss vm_size vm_swap domain option cmd how level optname resource whence clockid ' +
    'core queuepct creat_flags op sem_flg_0 sem_flg_1 opcode dqi_flags fd_type quota_fmt ' +
    'quota_fmt_out sig euid loginuid ruid suid egid rgid sgid sem_num_0 sem_num_1 sk_proto ' +
    'sk_type ID nativeID',
  u64:
    'ino arg argument cap_effective cap_inheritable cap_permitted cpu_sys cpu_usr dqb_bhardlimit ' +
    'dqb_bsoftlimit dqb_curspace dqb_ihardlimit dqb_isoftlimit event_data exe_ino exe_ino_num ' +
    'fdlimit initval ip len length offin offout offset peer pgft_maj pgft_min pgoffset ' +
    'pidns_init_start_ts pos request sk_pointer source',
  reltime: 'dqb_btime dqb_itime dqi_bgrace dqi_igrace interval',
  abstime: 'exe_ino_ctime exe_ino_mtime start_time',
}

const typeOf: ReadonlyMap<string, FieldType> = new Map(
  Object.entries(names).flatMap(([type, text]) =>
    text.split(' ').map((name) => [name, type as FieldType] as const),
  ),
)

/** The type of the value of a parameter, by its name; by its number it is text. */
export const rawParameterType = (argument: number | string | undefined): FieldType =>
  typeOf.get(String(argument)) ?? 'string'
