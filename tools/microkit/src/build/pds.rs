// SPDX-License-Identifier: BSD-2-Clause
//! The objects of each protection domain, and its thread.

use object_spec::{CapData, Kind, ObjectId, Rights, Thread};

use super::builder::{Builder, Frames};
use super::layout::{CNODE_BITS, CNODE_GUARD, ROOT_BITS, STACK_TOP, slot};
use super::programs::Loaded;
use super::space::Space;
use crate::model::{Map, MrId, PdId, ProtectionDomain, System};

/// The objects of a protection domain that others get capabilities to.
pub(super) struct Objects {
    pub tcb: ObjectId,
    pub root: ObjectId,
    pub cnode: ObjectId,
    pub vspace: ObjectId,
    pub notification: ObjectId,
    /// Where callers, children and the guest are received.
    pub endpoint: Option<ObjectId>,
    /// The virtual CPU and the guest's address space.
    pub vcpu: Option<(ObjectId, ObjectId)>,
}

impl Builder<'_> {
    /// Adds the objects of all protection domains.
    pub(super) fn objects(&mut self) -> Vec<Objects> {
        let system = self.input.system;
        (0..system.pds.len())
            .map(|id| self.pd_objects(id))
            .collect()
    }

    fn pd_objects(&mut self, id: PdId) -> Objects {
        let pd = &self.input.system.pds[id];
        let owner = format!("'{}'", pd.name);
        let endpoint = receives(self.input.system, id);
        let vcpu = pd.virtual_machine.as_ref().map(|vm| {
            let vcpu = self.object(format!("VCPU of '{}'", vm.name), Kind::Vcpu);
            (
                vcpu,
                self.object(format!("virtual machine '{}'", vm.name), Kind::EptRoot),
            )
        });
        let (root, cnode) = self.cspace(&owner);
        Objects {
            tcb: self.object(format!("thread of {owner}"), Kind::Tcb),
            root,
            cnode,
            vspace: self.object(format!("protection domain {owner}"), Kind::VSpace),
            notification: self.object(format!("notification of {owner}"), Kind::Notification),
            endpoint: endpoint.then(|| self.object(format!("endpoint of {owner}"), Kind::Endpoint)),
            vcpu,
        }
    }

    /// Adds a root CNode with a main CNode in it.
    pub(super) fn cspace(&mut self, owner: &str) -> (ObjectId, ObjectId) {
        let root = self.object(
            format!("root CNode of {owner}"),
            Kind::CNode {
                size_bits: ROOT_BITS,
            },
        );
        let cnode = self.object(
            format!("CNode of {owner}"),
            Kind::CNode {
                size_bits: CNODE_BITS,
            },
        );
        self.grant(root, 0, cnode, Rights::ALL, CapData::Guard(CNODE_GUARD));
        (root, cnode)
    }

    /// Builds the address spaces of a protection domain and of its guest; the IPC buffer's frame.
    pub(super) fn spaces(
        &mut self,
        id: PdId,
        objects: &Objects,
        loaded: &mut Loaded,
        regions: &[Option<Frames>],
    ) -> Option<Frames> {
        let pd = &self.input.system.pds[id];
        if let (Some(vm), Some((_, root))) = (&pd.virtual_machine, objects.vcpu) {
            let mut guest = Space::new(root);
            self.map_regions(&mut guest, &vm.maps, regions);
            self.tables(&guest, &format!("virtual machine '{}'", vm.name));
        }
        let mut space = Space::new(objects.vspace);
        self.map_regions(&mut space, &pd.maps, regions);
        let owner = format!("'{}'", pd.name);
        let ipc_buffer = match self.place(&mut space, &owner, loaded, pd.stack_size) {
            Ok(ipc_buffer) => ipc_buffer,
            Err(why) => {
                let message = format!("the program of protection domain {owner} {why}");
                let help = "build it with this project's runtime, sel4-microkit";
                self.error(&pd.program_image.span, message, help);
                return None;
            }
        };
        self.tables(&space, &owner);
        Some(ipc_buffer)
    }

    fn map_regions(&mut self, space: &mut Space, maps: &[Map], regions: &[Option<Frames>]) {
        for map in maps {
            // A region that could not be made has been reported.
            let Some(frames) = region(regions, map.mr) else {
                continue;
            };
            let rights = if map.perms.write {
                Rights::READ_WRITE
            } else {
                Rights::READ
            };
            self.map(space, map.vaddr, frames, rights, map.cached);
        }
    }

    /// Adds the thread of a protection domain.
    pub(super) fn thread(&mut self, id: PdId, objects: &Objects, entry: u64, ipc_buffer: Frames) {
        let pd = &self.input.system.pds[id];
        self.spec.threads.push(Thread {
            name: pd.name.clone(),
            tcb: objects.tcb,
            cspace: objects.root,
            vspace: objects.vspace,
            ipc_buffer: ipc_buffer.id,
            ipc_buffer_vaddr: super::layout::IPC_BUFFER,
            fault_endpoint: slot::FAULT.into(),
            priority: pd.priority,
            core: pd.cpu,
            domain: pd.domain.unwrap_or(0),
            notification: Some(objects.notification),
            vcpu: objects.vcpu,
            entry,
            stack_pointer: STACK_TOP,
        });
    }
}

pub(super) fn region(regions: &[Option<Frames>], id: MrId) -> Option<&Frames> {
    regions.get(id)?.as_ref()
}

/// Whether a protection domain receives more than notifications.
fn receives(system: &System, id: PdId) -> bool {
    let is_parent =
        |pd: &ProtectionDomain| pd.parent.as_ref().is_some_and(|parent| parent.pd == id);
    let called = system.channels.iter().any(|channel| {
        let [a, b] = &channel.ends;
        (a.pp && b.pd == id) || (b.pp && a.pd == id)
    });
    called || system.pds[id].virtual_machine.is_some() || system.pds.iter().any(is_parent)
}
