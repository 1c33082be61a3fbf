// SPDX-License-Identifier: BSD-2-Clause
//! The table of VF grants, in the region that the PF manager maps.

use image_spec::name;
use image_spec::vf_grants::{
    ANTI_SPOOF, BARS, Function, Grant, HANDLES, HAS_MAC, Header, IGB, MAGIC, NVME, PROMISCUOUS,
    REGION, VERSION,
};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U64};

use super::builder::{Builder, Frames};
use super::tables::{Special, named};
use crate::model::{
    Bars, Bdf, FunctionDriver, IrqSource, PdId, PhysicalFunction, System, VirtualFunction,
    VirtualFunctionPolicy,
};

const GRANTS: Special = Special {
    name: REGION,
    content: "the VF grants",
};

impl Builder<'_> {
    /// Fills the region named [`REGION`] with what the instructions say. Without any, the region may be
    /// prefilled with a table.
    pub(super) fn vf_grants(&mut self, regions: &[Option<Frames>]) {
        let system = self.input.system;
        let mut pds = system.pds.iter();
        let Some(manager) = pds.position(|pd| !pd.functions.is_empty()) else {
            if let Some(id) = named(system, REGION) {
                self.read_only(id, &GRANTS);
            }
            return;
        };
        let pd = &system.pds[manager];
        let unheard = match self.table(regions, &GRANTS, &table(system, manager)) {
            Ok(_) => {
                let maps = named(system, REGION).is_some_and(|id| pd.maps_region(id));
                (!maps).then(|| format!("it does not map memory region '{REGION}'"))
            }
            Err(why) => Some(why),
        };
        if let (Some(why), Some(function)) = (unheard, pd.functions.first()) {
            let message = format!(
                "protection domain '{}' is not told of its physical functions: {why}",
                pd.name
            );
            let help = format!("let it map a memory region '{REGION}' with perms=\"r\"");
            self.error(&function.span, message, help);
        }
    }
}

fn table(system: &System, manager: PdId) -> Vec<u8> {
    let mut functions: Vec<&PhysicalFunction> = system.pds[manager].functions.iter().collect();
    functions.sort_by_key(|function| function.pci.requester());
    let mut grants: Vec<_> = system
        .io_address_spaces
        .iter()
        .filter_map(|space| {
            let vf = space.vf.as_ref()?;
            // The parser has checked both.
            let function = functions.iter().position(|own| own.pci == vf.function)?;
            let channel = vf.channel_at(manager, &system.channels)?;
            Some(grant(system, space.peripheral, function as u8, channel, vf))
        })
        .collect();
    grants.sort_by_key(|grant| (grant.function, grant.vf));
    let functions: Vec<_> = functions.into_iter().map(record).collect();
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        functions: (functions.len() as u32).into(),
        grants: (grants.len() as u32).into(),
    };
    [header.as_bytes(), functions.as_bytes(), grants.as_bytes()].concat()
}

fn record(function: &PhysicalFunction) -> Function {
    Function {
        requester: function.pci.requester().into(),
        driver: match function.driver {
            FunctionDriver::Igb => IGB,
            FunctionDriver::Nvme => NVME,
        },
        vfs: function.vfs,
        reserved: 0.into(),
        bars: bars(&function.bars),
        vf_bars: bars(&function.vf_bars),
    }
}

fn bars(bars: &Bars) -> [U64; BARS] {
    let mut all = [U64::new(0); BARS];
    all[0] = bars.registers.start.into();
    all[3] = bars.msix.as_ref().map_or(0, |bar| bar.start).into();
    all
}

fn grant(system: &System, pci: Bdf, function: u8, channel: u8, vf: &VirtualFunction) -> Grant {
    let owner = &system.pds[vf.owner];
    let irqs = owner.irqs.iter().filter_map(|irq| match irq.source {
        IrqSource::Msi { pci: of, handle } if of == pci => u16::try_from(handle).ok(),
        _ => None,
    });
    let mut handles = [U16::new(0); HANDLES];
    let mut count = 0;
    for (handle, place) in irqs.zip(&mut handles) {
        *place = handle.into();
        count += 1;
    }
    let mut grant = Grant {
        requester: pci.requester().into(),
        function,
        vf: vf.vf,
        channel,
        handle_count: count,
        mac: [0; 6],
        vlan: 0.into(),
        rate: 0.into(),
        max_frame: 0.into(),
        flags: 0.into(),
        namespace: 0.into(),
        handles,
        multicast: 0,
        reserved: [0; 7],
        owner: name::field(&owner.name),
    };
    match vf.policy {
        VirtualFunctionPolicy::Network(policy) => {
            let flag = |set: bool, flag: u16| if set { flag } else { 0 };
            let flags = flag(policy.mac.is_some(), HAS_MAC)
                | flag(policy.anti_spoof, ANTI_SPOOF)
                | flag(policy.promiscuous, PROMISCUOUS);
            grant.mac = policy.mac.unwrap_or_default();
            grant.vlan = policy.vlan.into();
            grant.rate = policy.rate.into();
            grant.max_frame = policy.max_frame.into();
            grant.multicast = policy.multicast;
            grant.flags = flags.into();
        }
        VirtualFunctionPolicy::Storage { namespace } => {
            grant.namespace = namespace.unwrap_or(0).into();
        }
    }
    grant
}
